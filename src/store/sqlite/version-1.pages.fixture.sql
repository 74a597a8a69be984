-- The pages of version 1.
CREATE TABLE pages (
  seq INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  bytes BLOB NOT NULL
);

INSERT INTO pages VALUES
  (1, x'4ba69735ca53765ed6a709edb56c6ea236b7193a3b29a6b390c346f0f4340e4e', x'7374617465'),
  (2, x'd9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa', x'6f74686572');

PRAGMA application_id = 1282371437;
PRAGMA user_version = 1;
