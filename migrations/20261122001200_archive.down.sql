DROP TABLE archive_aliases;
DROP TABLE archive;
