#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Released steps of the schema never change, and a database of every earlier form becomes what a new
# one is, with its rows.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Test::More;
use RCAPI::Run qw(slurp spew);

# What databases out there were made by. A change of the schema is a new step; add its line here.
my %released = (
    '001.sql' => '8f65c794e36b348065c0a23119199c46d4930795c40051ea150ac976d7d52485',
    '002.sql' => 'ced4b717255d3ed3ce074daf8eb7d3d7cbdfca543a1ac768c7a26931ee025c8c',
    '003.sql' => '0d20bf7166c46285f53fb42526bee6ef07401bcdf8b9075c349b15a02023cd7a',
);
my %steps = map { m{([^/]+)$} ? ($1 => slurp($_)) : () } glob 'src/store/schema/*.sql';
subtest 'released steps' => sub {
    for (sort keys %steps) {
        is(sha256_hex($steps{$_}), $released{$_} // 'not listed in t/5e-schema.t', "$_ is as it was released");
    }
    is(join(' ', grep { !$steps{$_} } sort keys %released), '', 'none is missing');
    is(join(' ', sort keys %steps), join(' ', map { sprintf '%03d.sql', $_ } 1 .. keys %steps), 'numbered without a gap');
};

# Steps that were changed after their release, before this test kept that from happening: the text
# that databases may have been made by.
my %earlier = (
    'without the index of super-admins' => [$steps{'001.sql'} =~ s/^CREATE INDEX users_admin [^;]*;\n//mr],
);
$earlier{"with $_ of the steps"} = [@steps{(sort keys %steps)[0 .. $_ - 1]}] for 1 .. keys(%steps) - 1;

require RCAPI::Test;
my $t = RCAPI::Test->new(start => 0);
my $all = "SELECT type, name, tbl_name, replace(sql, char(10), ' ') FROM sqlite_master ORDER BY 1, 2";
my $columns = "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value FROM sqlite_master m, pragma_table_info(m.name) c"
    . " WHERE m.type = 'table' ORDER BY m.name, c.cid";
my $want = { map { $_ => $t->sql($_) } $all, $columns };
my $users = $t->sql('SELECT * FROM users');

for my $name (sort keys %earlier) {
    my $data = "$t->{dir}/work/old";
    $t->run('rm', '-rf', $data);
    $t->run('cp', '-a', "$t->{dir}/data", $data);
    unlink glob "$data/rcapi.db*";
    my $steps = $earlier{$name};
    my $version = @$steps;
    # the rows of a new database, as far as the old one has their columns
    my $r = $t->run({ stdin => join("\n", @$steps, "PRAGMA user_version = $version;") }, 'sqlite3', "$data/rcapi.db");
    is("$r->{exit} $r->{err}", '0 ', "$name: made");
    my $new = "$t->{dir}/data/rcapi.db";
    my @tables = split /\n/, $t->run('sqlite3', "$data/rcapi.db", "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")->{out};
    my $copy = "ATTACH '$new' AS new;";
    for my $table (@tables) {
        my $list = join ', ', split /\n/, $t->run('sqlite3', "$data/rcapi.db", "SELECT name FROM pragma_table_info('$table')")->{out};
        $copy .= "INSERT INTO main.$table ($list) SELECT $list FROM new.$table;";
    }
    $r = $t->run('sqlite3', "$data/rcapi.db", $copy);
    is("$r->{exit} $r->{err}", '0 ', "$name: filled");
    $r = $t->run($t->program('rcapi-admin'), '--data', $data, 'check');
    is("$r->{exit} $r->{out}$r->{err}", '0 ', "$name: opened by this version, nothing is wrong");
    is($t->run('sqlite3', "$data/rcapi.db", $_)->{out}, $want->{$_}, "$name: like a new one") for $all, $columns;
    is($t->run('sqlite3', "$data/rcapi.db", 'SELECT * FROM users')->{out}, $users, "$name: with its rows");
    is($t->run('sqlite3', "$data/rcapi.db", 'PRAGMA user_version')->{out}, keys(%steps) . "\n", "$name: at the newest step");
}

subtest 'a newer database' => sub {
    $t->sql('PRAGMA user_version = 9999');
    my $r = $t->try_admin('check');
    is($r->{exit}, 1, 'is refused');
    like($r->{err}, qr/the database has schema 9999, newer than this program's \d+/, 'with the reason');
};

$t->done;
done_testing;
