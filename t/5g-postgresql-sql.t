#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The statements of the store are in the language that SQLite and PostgreSQL share: a private
# PostgreSQL server, which listens on a socket only, prepares each of them over our schema, and runs it
# with "1" for every parameter.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use RCAPI::PostgreSQL;
use RCAPI::Run qw(slurp);

plan skip_all => 'no PostgreSQL server is installed (Debian: apt-get install postgresql)' if !RCAPI::PostgreSQL::bin();

my $build = $ENV{RCAPI_BUILD} // 'build';
my $pg = RCAPI::PostgreSQL->new;
my $database = $pg->database;

my %texts = map { unescape($_) } slurp("$build/gen/rc_sql.def") =~ /^X\(SQL_(\w+), "(.*)"\)$/mg;
my @steps = map { unescape($_) } slurp("$build/gen/rc_schema_server.def") =~ /^S\(\d+, "(.*)"\)$/mg;
cmp_ok(scalar(keys %texts), '>', 100, 'statements');
cmp_ok(scalar(@steps), '>=', 8, 'schema steps');

is(ask($steps[$_]), '', 'schema step ' . ($_ + 1)) for 0 .. $#steps;
is(try_statement($texts{$_}), '', $_) for sort keys %texts;

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
like(try_statement($_), $foreign{$_}, "rejected: $_") for sort keys %foreign;

$pg->drop($database);
done_testing;

# What PostgreSQL complains of in a statement. Rows that another one would need are not there.
sub try_statement {
    my ($text) = @_;
    my ($count) = sort { $b <=> $a } $text =~ /\?(\d+)/g;
    my $arguments = $count ? '(' . join(', ', ("'1'") x $count) . ')' : '';
    my $complaint = ask("PREPARE s AS $text;\nBEGIN;\nEXECUTE s$arguments;\nROLLBACK");
    return $complaint =~ /violates (?:foreign key|check|unique) constraint/ ? '' : $complaint;
}

# The text of a C string.
sub unescape { return $_[0] =~ s/\\(.)/$1 eq 'n' ? "\n" : $1/ger }

# What PostgreSQL complains of in some SQL; parameters are $1 there.
sub ask {
    my ($sql) = @_;
    return $pg->complaint($database, $sql =~ s/\?(\d+)/\$$1/gr);
}
