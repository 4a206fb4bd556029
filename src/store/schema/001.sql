-- SPDX-License-Identifier: Apache-2.0
-- The whole data model (contract 01 §13). Times: microseconds since the epoch (created_on,
-- modified_at ...) unless a column says seconds. Levels of object permissions: 0 none, 1 read,
-- 3 write, 4 admin. Names compare by bytes; user names are unique without regard to the case of the
-- letters A to Z, and of no others: what else is one letter in two cases depends on the language.
-- AUTOINCREMENT: an id that clients have seen is never given again.

CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    user_id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL,
    firstname TEXT NOT NULL DEFAULT '',
    lastname TEXT NOT NULL DEFAULT '',
    password TEXT,
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    admin INTEGER NOT NULL DEFAULT 0 CHECK (admin IN (0, 1)),
    inherit_default_permissions INTEGER NOT NULL DEFAULT 1 CHECK (inherit_default_permissions IN (0, 1)),
    force_password_change INTEGER NOT NULL DEFAULT 0,
    extern_type TEXT NOT NULL DEFAULT 'rhodecode',
    extern_name TEXT NOT NULL DEFAULT 'rhodecode',
    language TEXT,
    last_login INTEGER,
    created_on INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_username ON users (username);
CREATE UNIQUE INDEX users_username_folded ON users (lower(username));
-- Every member list begins with them.
CREATE INDEX users_admin ON users (user_id) WHERE admin = 1;

-- Main and extra addresses in one table, so that one constraint keeps all of them apart.
CREATE TABLE user_email (
    email_id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    main INTEGER NOT NULL DEFAULT 0 CHECK (main IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX user_email_email ON user_email (email);
CREATE UNIQUE INDEX user_email_main ON user_email (user_id) WHERE main = 1;
CREATE INDEX user_email_user ON user_email (user_id);

CREATE TABLE user_ip (
    ip_id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    ip_addr TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_ip_user ON user_ip (user_id, ip_addr);

-- The main key and the extra tokens. digest: SHA-256 of the clear key. sealed: the clear key,
-- encrypted, or NULL when keys are never revealed. expires: epoch seconds, -1 = never.
CREATE TABLE api_key (
    key_id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    sealed BLOB,
    main INTEGER NOT NULL DEFAULT 0 CHECK (main IN (0, 1)),
    role TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    expires INTEGER NOT NULL DEFAULT -1,
    created_on INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX api_key_digest ON api_key (digest);
CREATE UNIQUE INDEX api_key_main ON api_key (user_id) WHERE main = 1;
CREATE INDEX api_key_user ON api_key (user_id);

CREATE TABLE user_global_permission (
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (user_id, name)
) STRICT;

CREATE TABLE user_group (
    users_group_id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    owner_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE RESTRICT,
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    inherit_default_permissions INTEGER NOT NULL DEFAULT 1 CHECK (inherit_default_permissions IN (0, 1)),
    extern_type TEXT,
    created_on INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_group_group_name ON user_group (group_name);
CREATE INDEX user_group_owner ON user_group (owner_id);

CREATE TABLE user_group_global_permission (
    users_group_id INTEGER NOT NULL REFERENCES user_group (users_group_id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (users_group_id, name)
) STRICT;

CREATE TABLE user_group_member (
    member_id INTEGER PRIMARY KEY AUTOINCREMENT,
    users_group_id INTEGER NOT NULL REFERENCES user_group (users_group_id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX user_group_member_user ON user_group_member (user_id, users_group_id);
CREATE INDEX user_group_member_group ON user_group_member (users_group_id);

CREATE TABLE repo_group (
    group_id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_name TEXT NOT NULL,
    parent_id INTEGER REFERENCES repo_group (group_id) ON DELETE RESTRICT,
    owner_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE RESTRICT,
    description TEXT NOT NULL DEFAULT '',
    enable_locking INTEGER NOT NULL DEFAULT 0 CHECK (enable_locking IN (0, 1)),
    created_on INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX repo_group_group_name ON repo_group (group_name);
CREATE INDEX repo_group_parent ON repo_group (parent_id);
CREATE INDEX repo_group_owner ON repo_group (owner_id);

-- clone_uri: with its password masked; clone_uri_sealed: the whole URI, encrypted, when it has
-- one. last_changeset: the stored changeset object, JSON. locked_on: epoch seconds.
CREATE TABLE repo (
    repo_id INTEGER PRIMARY KEY AUTOINCREMENT,
    repo_name TEXT NOT NULL,
    repo_type TEXT NOT NULL,
    owner_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE RESTRICT,
    group_id INTEGER REFERENCES repo_group (group_id) ON DELETE RESTRICT,
    fork_id INTEGER REFERENCES repo (repo_id) ON DELETE SET NULL,
    private INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1)),
    enable_statistics INTEGER NOT NULL DEFAULT 0 CHECK (enable_statistics IN (0, 1)),
    enable_locking INTEGER NOT NULL DEFAULT 0 CHECK (enable_locking IN (0, 1)),
    enable_downloads INTEGER NOT NULL DEFAULT 0 CHECK (enable_downloads IN (0, 1)),
    description TEXT NOT NULL DEFAULT '',
    clone_uri TEXT,
    clone_uri_sealed BLOB,
    landing_rev TEXT NOT NULL DEFAULT 'rev:tip',
    last_changeset TEXT,
    lock_user_id INTEGER REFERENCES users (user_id) ON DELETE SET NULL,
    locked_on INTEGER,
    lock_reason TEXT,
    created_on INTEGER NOT NULL,
    updated_on INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX repo_repo_name ON repo (repo_name);
CREATE INDEX repo_owner ON repo (owner_id);
CREATE INDEX repo_group_id ON repo (group_id);
CREATE INDEX repo_fork ON repo (fork_id);
CREATE INDEX repo_lock ON repo (lock_user_id);

CREATE TABLE repo_field (
    field_id INTEGER PRIMARY KEY AUTOINCREMENT,
    repo_id INTEGER NOT NULL REFERENCES repo (repo_id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    label TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    value TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX repo_field_key ON repo_field (repo_id, key);

-- Permission rows: one per pair. Each has an index from both ends; the ones with the level
-- answer the permission rule without a look into the table.
CREATE TABLE user_repo_permission (
    permission_id INTEGER PRIMARY KEY AUTOINCREMENT,
    repo_id INTEGER NOT NULL REFERENCES repo (repo_id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    level INTEGER NOT NULL CHECK (level IN (0, 1, 3, 4))
) STRICT;
CREATE UNIQUE INDEX user_repo_permission_pair ON user_repo_permission (repo_id, user_id);
CREATE INDEX user_repo_permission_level ON user_repo_permission (user_id, repo_id, level);

CREATE TABLE user_group_repo_permission (
    permission_id INTEGER PRIMARY KEY AUTOINCREMENT,
    repo_id INTEGER NOT NULL REFERENCES repo (repo_id) ON DELETE CASCADE,
    users_group_id INTEGER NOT NULL REFERENCES user_group (users_group_id) ON DELETE CASCADE,
    level INTEGER NOT NULL CHECK (level IN (0, 1, 3, 4))
) STRICT;
CREATE UNIQUE INDEX user_group_repo_permission_pair ON user_group_repo_permission (repo_id, users_group_id);
CREATE INDEX user_group_repo_permission_level ON user_group_repo_permission (users_group_id, repo_id, level);

CREATE TABLE user_repo_group_permission (
    permission_id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id INTEGER NOT NULL REFERENCES repo_group (group_id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    level INTEGER NOT NULL CHECK (level IN (0, 1, 3, 4))
) STRICT;
CREATE UNIQUE INDEX user_repo_group_permission_pair ON user_repo_group_permission (group_id, user_id);
CREATE INDEX user_repo_group_permission_level ON user_repo_group_permission (user_id, group_id, level);

CREATE TABLE user_group_repo_group_permission (
    permission_id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id INTEGER NOT NULL REFERENCES repo_group (group_id) ON DELETE CASCADE,
    users_group_id INTEGER NOT NULL REFERENCES user_group (users_group_id) ON DELETE CASCADE,
    level INTEGER NOT NULL CHECK (level IN (0, 1, 3, 4))
) STRICT;
CREATE UNIQUE INDEX user_group_repo_group_permission_pair ON user_group_repo_group_permission (group_id, users_group_id);
CREATE INDEX user_group_repo_group_permission_level ON user_group_repo_group_permission (users_group_id, group_id, level);

CREATE TABLE user_user_group_permission (
    permission_id INTEGER PRIMARY KEY AUTOINCREMENT,
    users_group_id INTEGER NOT NULL REFERENCES user_group (users_group_id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    level INTEGER NOT NULL CHECK (level IN (0, 1, 3, 4))
) STRICT;
CREATE UNIQUE INDEX user_user_group_permission_pair ON user_user_group_permission (users_group_id, user_id);
CREATE INDEX user_user_group_permission_level ON user_user_group_permission (user_id, users_group_id, level);

CREATE TABLE user_group_user_group_permission (
    permission_id INTEGER PRIMARY KEY AUTOINCREMENT,
    target_id INTEGER NOT NULL REFERENCES user_group (users_group_id) ON DELETE CASCADE,
    source_id INTEGER NOT NULL REFERENCES user_group (users_group_id) ON DELETE CASCADE,
    level INTEGER NOT NULL CHECK (level IN (0, 1, 3, 4)),
    CHECK (target_id <> source_id)
) STRICT;
CREATE UNIQUE INDEX user_group_user_group_permission_pair ON user_group_user_group_permission (target_id, source_id);
CREATE INDEX user_group_user_group_permission_level ON user_group_user_group_permission (source_id, target_id, level);

CREATE TABLE repo_following (
    following_id INTEGER PRIMARY KEY AUTOINCREMENT,
    repo_id INTEGER NOT NULL REFERENCES repo (repo_id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    created_on INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX repo_following_pair ON repo_following (repo_id, user_id);
CREATE INDEX repo_following_user ON repo_following (user_id);

CREATE TABLE user_following (
    following_id INTEGER PRIMARY KEY AUTOINCREMENT,
    followed_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    created_on INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_following_pair ON user_following (followed_id, user_id);
CREATE INDEX user_following_user ON user_following (user_id);

CREATE TABLE changeset_comment (
    comment_id INTEGER PRIMARY KEY AUTOINCREMENT,
    repo_id INTEGER NOT NULL REFERENCES repo (repo_id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    revision TEXT NOT NULL,
    message TEXT NOT NULL,
    created_on INTEGER NOT NULL
) STRICT;
CREATE INDEX changeset_comment_revision ON changeset_comment (repo_id, revision);
CREATE INDEX changeset_comment_user ON changeset_comment (user_id);

-- version 0 is the newest status of a revision.
CREATE TABLE changeset_status (
    status_id INTEGER PRIMARY KEY AUTOINCREMENT,
    repo_id INTEGER NOT NULL REFERENCES repo (repo_id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    comment_id INTEGER REFERENCES changeset_comment (comment_id) ON DELETE CASCADE,
    revision TEXT NOT NULL,
    status TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0,
    created_on INTEGER NOT NULL
) STRICT;
CREATE INDEX changeset_status_revision ON changeset_status (repo_id, revision, version);
CREATE INDEX changeset_status_user ON changeset_status (user_id);
CREATE INDEX changeset_status_comment ON changeset_status (comment_id);

-- expires: epoch seconds, -1 = never.
CREATE TABLE gist (
    gist_id INTEGER PRIMARY KEY AUTOINCREMENT,
    access_id TEXT NOT NULL,
    gist_type TEXT NOT NULL CHECK (gist_type IN ('public', 'private')),
    owner_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    description TEXT NOT NULL DEFAULT '',
    acl_level TEXT NOT NULL DEFAULT 'acl_public',
    expires INTEGER NOT NULL DEFAULT -1,
    created_on INTEGER NOT NULL,
    modified_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX gist_access_id ON gist (access_id);
CREATE INDEX gist_owner ON gist (owner_id);

-- What happened; entries outlive users and repositories, so names are copied.
CREATE TABLE journal (
    journal_id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER REFERENCES users (user_id) ON DELETE SET NULL,
    username TEXT NOT NULL,
    repo_id INTEGER REFERENCES repo (repo_id) ON DELETE SET NULL,
    repo_name TEXT NOT NULL DEFAULT '',
    action TEXT NOT NULL,
    ip_addr TEXT NOT NULL DEFAULT '',
    created_on INTEGER NOT NULL
) STRICT;
CREATE INDEX journal_user ON journal (user_id);
CREATE INDEX journal_repo ON journal (repo_id);

-- Changes of the disk that this transaction decides: present = they stand, absent = undo them.
-- See src/model/moves.c.
CREATE TABLE disk_change (
    token TEXT NOT NULL PRIMARY KEY,
    created_on INTEGER NOT NULL
) STRICT;
