#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The statements of the store are in the language that SQLite and PostgreSQL share: a private
# PostgreSQL server, which listens on a socket only, prepares each of them over our schema, and runs it
# with "1" for every parameter. Those of the permission rule are held against its model in random states.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use RCAPI::PostgreSQL;
use RCAPI::Run qw(run slurp);

plan skip_all => 'no PostgreSQL server is installed (Debian: apt-get install postgresql)' if !RCAPI::PostgreSQL::bin();

my $build = $ENV{RCAPI_BUILD} // 'build';
my $pg = RCAPI::PostgreSQL->new;
my $database = $pg->database;

my %texts = map { unescape($_) } slurp("$build/gen/rc_sql.def") =~ /^X\(SQL_(\w+), "(.*)"\)$/mg;
my @steps = map { unescape($_) } slurp("$build/gen/rc_schema_server.def") =~ /^S\(\d+, "(.*)"\)$/mg;
cmp_ok(scalar(keys %texts), '>', 100, 'statements');
cmp_ok(scalar(@steps), '>=', 8, 'schema steps');

my @complaints = complaints(@steps);
is($complaints[$_], '', 'schema step ' . ($_ + 1)) for 0 .. $#steps;
my @names = sort keys %texts;
@complaints = try_statements(@texts{@names});
is($complaints[$_], '', $names[$_]) for 0 .. $#names;

# What PostgreSQL does not know or judges otherwise.
my %foreign = (
    'SELECT group_concat(username) FROM users' => qr/group_concat/,
    'INSERT OR IGNORE INTO setting (name, value) VALUES (?1, ?2)' => qr/syntax error/,
    'SELECT 1 FROM repo WHERE last_state IS ?1' => qr/syntax error/,
    'SELECT 1 FROM users WHERE username = ?1 COLLATE NOCASE' => qr/collation "nocase"/,
    'SELECT ifnull(language, ?1) FROM users' => qr/ifnull/,
    'SELECT username FROM users LIMIT -1 OFFSET strftime(?1)' => qr/strftime/,
    'SELECT 1 FROM users WHERE active' => qr/argument of WHERE must be type boolean/,
    'SELECT username, count(*) FROM users' => qr/must appear in the GROUP BY clause/,
    'SELECT 1 FROM users WHERE ?1 IS NULL' => qr/could not determine data type of parameter/,
    "INSERT INTO gist (gist_id, access_id, gist_type, owner_id, created_on, modified_at)
        VALUES (NULLIF(?1, 1), '', 'public', 1, 1, 1)"
        => qr/null value in column "gist_id"/,
);
my @foreign = sort keys %foreign;
@complaints = try_statements(@foreign);
like($complaints[$_], $foreign{ $foreign[$_] }, "rejected: $foreign[$_]") for 0 .. $#foreign;

$pg->drop($database);

# The rule is what its model says there, too; and statements that are sent ahead get their own answers.
for my $unit (qw(test_rule test_ahead)) {
    my $database = $pg->database;
    my $r = run({ timeout => 120, env => { %ENV, RCAPI_DATABASE => $database } }, "$build/unit/$unit");
    is($r->{exit}, 0, $unit) or diag($r->{out}, $r->{err});
    note($r->{out} =~ /^(# \d+ states.*)/m);
    $pg->drop($database);
}
done_testing;

# What PostgreSQL complains of in statements. Rows that another one would need are not there.
sub try_statements {
    my @prepared = map {
        my ($count) = sort { $b <=> $a } /\?(\d+)/g;
        my %list = map { $_ => 1 } /json_each\(\?(\d+)\)/g;
        my $arguments = $count ? '(' . join(', ', map { $list{$_} ? "'{1}'" : "'1'" } 1 .. $count) . ')' : '';
        "PREPARE s AS $_;\nBEGIN;\nEXECUTE s$arguments";
    } @_;
    return map { /violates (?:foreign key|check|unique) constraint/ ? '' : $_ } complaints(@prepared);
}

# The text of a C string.
sub unescape { return $_[0] =~ s/\\(.)/$1 eq 'n' ? "\n" : $1/ger }

# What PostgreSQL complains of in texts of SQL; parameters are $1 there, and lists of numbers are arrays.
sub complaints {
    return $pg->complaints($database, map {
        s/json_each\((\?\d+)\) CROSS JOIN (.*?)= value/$2= ANY ($1::bigint[])/gr
            =~ s/json_each\((\?\d+)\)/unnest($1::bigint[]) AS ids (value)/gr =~ s/json_group_array\(/array_agg(/gr
            =~ s/\?(\d+)/\$$1/gr
    } @_);
}
