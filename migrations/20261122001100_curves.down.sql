DROP TABLE curve_points;
