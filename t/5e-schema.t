#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Released steps of the schema never change, and a database of every earlier form becomes what a new
# one is, with its rows.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use JSON::PP qw(decode_json encode_json);
use Test::More;
use RCAPI::Run qw(slurp spew);

# What databases out there were made by. A change of the schema is a new step; add its line here.
my %released = (
    '001.sql' => '8f65c794e36b348065c0a23119199c46d4930795c40051ea150ac976d7d52485',
    '002.sql' => 'ced4b717255d3ed3ce074daf8eb7d3d7cbdfca543a1ac768c7a26931ee025c8c',
    '003.sql' => '0d20bf7166c46285f53fb42526bee6ef07401bcdf8b9075c349b15a02023cd7a',
    '004.sql' => 'e1feab24b9dad8fe11ec38c3921f7cbd772a01fa2f1c2ed60ced181dbcb64864',
    '005.sql' => 'dec195d3830490775888b6d12a06cff600d391fb451eaa20cd6da689716780d2',
    '006.sql' => '38d57d5b597baad02b7b251bf268e503f92f498f5cc99da1bce1871217f49f5e',
    '007.sql' => 'ac75df312a1a9b0f131385c68cabf781207c0cb37c94fb022214dc662072e0fe',
    '008.sql' => '87cea0c587d014995553f487c6e33245fe1231992aa0292bbfb1d63c23e8a6f4',
    '009.sql' => '3a584f7a87fe5f7c190fe922fa74511eeecde978815718f402430a8552be0e62',
    '010.sql' => '8d5183fee1ee50e9e78b8d387df24e67b26b50fa1ec6155f992d2dad33e33a69',
    '011.sql' => 'dde286552f72ed57517f3659d24ac3359dc464ee5ea131b695d54d6d84f9fbab',
    '012.sql' => 'a752ebc9bb2156b7f458e16366681d68321d8a3b7096157ad52760509ff3ff4f',
    '013.sql' => '048b5245b4598dd24d8fa939c4bb50bb3a6ce6716f7abff2c78fb7fd89655f7c',
    '014.sql' => 'd6b8d5b98032c01c93baeb379b136a89136e4197d7d636ad674443915bc201b5',
    '015.sql' => 'a6f59d34271a063bd4d7bad4d2a8dc0e73133cfd237aeeab7e90045befd4b73c',
    '016.sql' => '90f442ea36eecd1140efa96432b8d9a48aae5fbc0646334033e79924e3208459',
    '017.sql' => '7a3e1c111c8d06cd42b527cfe79a013111e75a6adc85da476d78b50603a3479b',
    '018.sql' => '2e487f430fdae9979e417b839999cb03e6ff3f766610fe7d27386717be6b19f7',
);
my %steps = map { m{([^/]+)$} ? ($1 => slurp($_)) : () } glob 'src/store/schema/*.sql';
subtest 'released steps' => sub {
    for (sort keys %steps) {
        is(sha256_hex($steps{$_}), $released{$_} // 'not listed in t/5e-schema.t', "$_ is as it was released");
    }
    is(join(' ', grep { !$steps{$_} } sort keys %released), '', 'none is missing');
    is(join(' ', sort keys %steps), join(' ', map { sprintf '%03d.sql', $_ } 1 .. keys %steps),
        'numbered without a gap');
};

# Steps that were changed after their release, before this test kept that from happening: the text
# that databases may have been made by.
my %earlier = (
    'without the index of super-admins' => [$steps{'001.sql'} =~ s/^CREATE INDEX users_admin [^;]*;\n//mr],
);
$earlier{"with $_ of the steps"} = [@steps{(sort keys %steps)[0 .. $_ - 1]}] for 1 .. keys(%steps) - 1;

my ($of_type) = slurp('src/store/sql/repo.sql') =~ /^-- REPO_OF_TYPE: [^\n]*\n(.*?)^--/ms;
require RCAPI::Test;
my $t = RCAPI::Test->new(start => 0);
my $all = "SELECT type, name, tbl_name, replace(sql, char(10), ' ') FROM sqlite_master ORDER BY 1, 2";
my $columns = "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value
    FROM sqlite_master m, pragma_table_info(m.name) c"
    . " WHERE m.type = 'table' ORDER BY m.name, c.cid";
my $server = RCAPI::Test::on_server();
my $want = { map { $_ => $t->sql($_) } $server ? () : ($all, $columns) };
my $users = $t->sql('SELECT * FROM users');

# A data directory whose database has these steps and the rows of a new one, as far as it has their
# columns; and what @sql does to them.
sub older {
    my ($name, $steps, @sql) = @_;
    my $data = "$t->{dir}/scratch/old";
    $t->run('rm', '-rf', $data);
    $t->run('cp', '-a', "$t->{dir}/data", $data);
    unlink glob "$data/rcapi.db*";
    my $version = @$steps;
    my $r = $t->run({ stdin => join("\n", @$steps, "PRAGMA user_version = $version;") }, 'sqlite3', "$data/rcapi.db");
    is("$r->{exit} $r->{err}", '0 ', "$name: made");
    my $rows = sub { split /\n/, $t->run('sqlite3', @_)->{out} };
    my $new = "$t->{dir}/data/rcapi.db";
    my $copy = "ATTACH '$new' AS new;";
    for my $table ($rows->("$data/rcapi.db",
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")) {
        my $columns = "SELECT name FROM pragma_table_info('$table')";
        my %now = map { $_ => 1 } $rows->($new, $columns);
        my $list = join ', ', grep { $now{$_} } $rows->("$data/rcapi.db", $columns);
        $copy .= "INSERT INTO main.$table ($list) SELECT $list FROM new.$table;";
    }
    $r = $t->run({ stdin => join ' ', $copy, @sql }, 'sqlite3', "$data/rcapi.db");
    is("$r->{exit} $r->{err}", '0 ', "$name: filled");
    return $data;
}

for my $name ($server ? () : sort keys %earlier) { # they are files
    my $data = older($name, $earlier{$name});
    my $r = $t->run($t->program('rcapi-admin'), '--data', $data, 'check');
    is("$r->{exit} $r->{out}$r->{err}", '0 ', "$name: opened by this version, nothing is wrong");
    is($t->run('sqlite3', "$data/rcapi.db", $_)->{out}, $want->{$_}, "$name: like a new one") for $all, $columns;
    is($t->run('sqlite3', "$data/rcapi.db", 'SELECT * FROM users')->{out}, $users, "$name: with its rows");
    is($t->run('sqlite3', "$data/rcapi.db", 'PRAGMA user_version')->{out}, keys(%steps) . "\n",
        "$name: at the newest step");
}

# Before step 004 the last commit was JSON.
subtest 'last changesets of an older database' => sub {
    plan skip_all => 'the database is on a server' if $server;
    my $answer = sub {
        my ($data, @call) = @_;
        my $r = $t->run($t->program('rcapi-admin'), '--data', $data, 'call', @call);
        return decode_json($r->{out})->{result} // fail("@call: $r->{out}$r->{err}");
    };
    my $listed = sub { return { map { $_->{repo_name} => $_->{last_changeset} } @{ $answer->($_[0], 'get_repos') } } };
    my $now = "$t->{dir}/data";
    my $work = "$t->{dir}/scratch/history";
    RCAPI::Git::init($work);
    RCAPI::Git::history($work, 3, 1);
    RCAPI::Git::git($work, qw(checkout -q -b side HEAD~1));
    RCAPI::Git::git($work, qw(commit -q --allow-empty -m), "it's a \"side\"\nline");
    RCAPI::Git::git($work, qw(checkout -q master));
    RCAPI::Git::git($work, qw(merge -q --no-edit side));
    for my $name (qw(full empty broken old)) {
        $answer->($now, 'create_repo', "repo_name:$name", 'repo_type:git');
        next if $name eq 'empty';
        RCAPI::Git::git($work, 'push', '-q', "$now/repos/$name", 'master');
        $answer->($now, 'invalidate_cache', "repoid:$name");
    }
    my $want = $listed->($now);
    is(scalar @{ $want->{full}{parents} }, 2, 'a merge');
    is($want->{empty}{revision}, -1, 'an empty repository');
    my $set = sub { "UPDATE repo SET last_changeset = '" . $_[1] =~ s/'/''/gr . "' WHERE repo_name = '$_[0]';" };
    my $data = older('three steps', [@steps{map { sprintf '%03d.sql', $_ } 1 .. 3}],
        (map { $set->($_, JSON::PP->new->encode($want->{$_})) } qw(full empty old)), $set->(broken => '{"raw_id":'),
        "UPDATE repo SET last_state = NULL WHERE repo_name = 'old';");
    my $got = $listed->($data);
    is_deeply($got->{$_}, $want->{$_}, "$_: listed as before") for qw(full empty old);
    is_deeply($answer->($data, 'get_repo', "repoid:$_")->{last_changeset}, $want->{$_}, "$_: get_repo")
        for sort keys %$want;
    is_deeply($listed->($data), $want, 'what could not be carried over was read anew');
    is($t->run('sqlite3', "$data/rcapi.db", "SELECT count(DISTINCT last_state) FROM repo WHERE repo_name <> 'empty'")
        ->{out}, "1\n", 'with its state');
};

# It is asked for URLs that nobody claims, so it must not read all repositories.
subtest 'repositories of another type than git are found by their index' => sub {
    plan skip_all => 'plans are read from SQLite' if $server;
    like($t->sql("EXPLAIN QUERY PLAN $of_type"), qr/SEARCH repo USING COVERING INDEX repo_other_type /);
};

subtest 'a newer database' => sub {
    $t->sql($server ? 'UPDATE schema_version SET n = 9999' : 'PRAGMA user_version = 9999');
    my $r = $t->try_admin('check');
    is($r->{exit}, 1, 'is refused');
    like($r->{err}, qr/the database has schema 9999, newer than this program's \d+/, 'with the reason');
};

$t->done;
done_testing;
