//! A real database for every test, and default objects.
