# SPDX-License-Identifier: Apache-2.0
package Bench::Data;

=head1 NAME

Bench::Data - a database of many users and repositories, made by plain SQL

=head1 SYNOPSIS

    my $data = Bench::Data->new(dir => $dir, bin => $bin, users => 1000, repos => 10_000);
    $data->make;
    $data->key(7);                     # the key of user u7
    my @times = $data->time('repos', 7, 5);

A repository has three user rows, two group rows, and one follower; a user is in three groups;
everybody may read every second repository (the default user's row) and what his rows give him.
Repositories r1 to rN are links to the files of one small repository: get_repo looks at the references
of each; with C<rows> they have no files. Those that stand in $dir/data/repos before are registered by
rcapi-admin, readable by everybody.

=cut

use strict;
use warnings;
use Digest::SHA qw(sha1_hex);
use RCAPI::Run qw(run);

my $GROUPS = 100;
my $ADMIN = 2; # the id of the super-admin that init makes
my $LAST = 'last_state, last_id, last_index, last_message, last_author, last_time, last_parents, last_branch';
my $COMMIT = "NULL, '0123456789abcdef0123456789abcdef01234567', 4711, 'Mend what was broken\n',"
    . " 'Ann Author <ann\@example.org>', 1714979289, '', 'master'";

sub new {
    my ($class, %opt) = @_;
    return bless { users => 1000, repos => 10_000, %opt, data => "$opt{dir}/data" }, $class;
}

sub key { sha1_hex("bench key $_[1]") }

sub make {
    my ($self) = @_;
    mkdir $self->{data};
    $self->_run({}, "$self->{bin}/rcapi-admin", '--data', $self->{data}, qw(init --user admin
        --email admin@example.org --password), sha1_hex(rand), '--force-yes');
    $self->_rows('run', { stdin => $self->_sql });
    $self->_repositories if !$self->{rows};
}

# One commit, packed, in each; what the server stores of it is stored for all.
sub _repositories {
    my ($self) = @_;
    my $root = "$self->{data}/repos";
    $self->_run({}, 'sh', '-c', <<'END', 'sh', $root);
set -e; cd "$1"; mkdir .one; git init -q --bare .one/r; cd .one/r
id=$(git -c user.name=A -c user.email=a@b commit-tree -m 'Mend what was broken' "$(git mktree </dev/null)")
git update-ref refs/heads/master "$id"; git symbolic-ref HEAD refs/heads/master
git gc -q --prune=now; rm -r hooks info branches description objects/info
END
    my @files = split /\n/, $self->_run({}, 'sh', '-c', 'cd "$1/.one/r" && find . -type f', 'sh', $root);
    for my $n (1 .. $self->{repos}) {
        mkdir "$root/r$n/$_" for '', qw(refs refs/heads refs/tags objects objects/pack);
        link "$root/.one/r/$_", "$root/r$n/$_" or die "$root/r$n/$_: $!" for @files;
    }
    $self->_run({}, "$self->{bin}/rcapi-admin", '--data', $self->{data}, qw(call get_repo repoid:r1));
    $self->_rows('run', { stdin => "UPDATE repo SET ($LAST) = (SELECT $LAST FROM repo WHERE repo_name = 'r1')
        WHERE repo_id > 1000;" });
}

sub _run {
    my ($self, $opt, @cmd) = @_;
    my $r = run({ timeout => 120, env => { HOME => $self->{dir} }, %$opt }, @cmd);
    die "@cmd: $r->{err}$r->{out}" if $r->{exit} || $r->{signal};
    return $r->{out};
}

sub _rows {
    my ($self, $what, $opt, @args) = @_;
    return $self->_run($opt, "$self->{bin}/rows", $self->{data}, $what, @args);
}

# Number N of users, repositories and groups has the id 1000 + N.
sub _sql {
    my ($self) = @_;
    my $list = sub { "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $_[0])" };
    my $keys = join ",\n", map { "($_, '" . $self->key($_) . "')" } 1 .. $self->{users};
    my ($users, $repos) = @$self{qw(users repos)};
    return <<"END";
BEGIN IMMEDIATE;
${\ $list->($users) } INSERT INTO users (user_id, username, firstname, lastname, created_on)
SELECT 1000 + i, 'u' || i, 'Ursula', 'User ' || i, 1700000000000000 + i FROM n;
${\ $list->($users) } INSERT INTO user_email (user_id, email, main)
SELECT 1000 + i, 'u' || i || '\@example.org', 1 FROM n;
WITH k(i, key) AS (VALUES $keys) INSERT INTO api_key (user_id, digest, sealed, main, role, created_on)
SELECT 1000 + i, bench_digest(key), bench_sealed(1000 + i, key), 1, 'token_role_all', 1700000000000000 FROM k;
${\ $list->($GROUPS) } INSERT INTO user_group (users_group_id, group_name, owner_id, created_on)
SELECT 1000 + i, 'g' || i, 1001, 1700000000000000 FROM n;
${\ $list->(3 * $users) } INSERT INTO user_group_member (user_id, users_group_id)
SELECT 1001 + (i - 1) / 3, 1001 + (i * 31 + (i - 1) / 3) % $GROUPS FROM n;
${\ $list->($repos) } INSERT INTO repo
       (repo_id, repo_name, repo_type, owner_id, description, $LAST, created_on, updated_on)
SELECT 1000 + i, 'r' || i, 'git', 1001 + i * 7 % $users, 'Repository number ' || i, $COMMIT,
       1700000000000000 + i, 1700000000000000 + i FROM n;
INSERT INTO user_repo_permission (repo_id, user_id, level)
SELECT repo_id, (SELECT user_id FROM users WHERE username = 'default'), repo_id % 2 FROM repo WHERE repo_id > 1000;
INSERT INTO user_repo_permission (repo_id, user_id, level)
SELECT repo_id, 1001 + (repo_id * 13 + k.i * 331) % $users, k.level FROM repo,
       (SELECT 0 AS i, 1 AS level UNION ALL SELECT 1, 3 UNION ALL SELECT 2, 4) k WHERE repo_id > 1000;
INSERT INTO user_group_repo_permission (repo_id, users_group_id, level)
SELECT repo_id, 1001 + (repo_id * 17 + k.i * 7) % $GROUPS, k.i FROM repo,
       (SELECT 1 AS i UNION ALL SELECT 3) k WHERE repo_id > 1000;
UPDATE repo SET enable_downloads = 1;
INSERT INTO repo_following (repo_id, user_id, created_on)
SELECT repo_id, owner_id, created_on FROM repo WHERE repo_id > 1000;
COMMIT;
END
}

# A list (repos, levels) read for user N or 'admin', $n times: [rows, milliseconds, milliseconds of CPU] each.
sub time {
    my ($self, $name, $user, $n) = @_;
    my $id = $user eq 'admin' ? $ADMIN : 1000 + $user;
    return map { [split] } split /\n/, $self->_rows('time', {}, $name, $id, $n);
}

# Numbers of $n repositories that a user may read: those of everybody, by chance.
sub readable {
    my ($self, $n) = @_;
    return map { 1 + 2 * int rand $self->{repos} / 2 } 1 .. $n;
}

1;
