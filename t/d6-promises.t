# SPDX-License-Identifier: Apache-2.0
# PostgreSQL promises to announce changes before they are committed, so that servers need not ask at each request.
# No answer is older than the last acknowledged change, whoever makes it, and whatever happens to those who have a
# promise.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use JSON::PP ();
use Time::HiRes qw(time);
use RCAPI::PostgreSQL;
use RCAPI::Run qw(patiently rounds slow slurp);
use RCAPI::Test;

plan skip_all => 'no PostgreSQL server is installed (Debian: apt-get install postgresql)' if !RCAPI::PostgreSQL::bin();
plan skip_all => 'nothing is remembered' if !RCAPI::Test::remembers();

my $pg = RCAPI::PostgreSQL->new(own => 1, options => ['log_statement=all', 'wal_level=logical']);
my $one = RCAPI::Test->new(pg => $pg, children => 1);
plan skip_all => 'built without libpq' if slurp($one->program('rcapi-admin')) !~ /pg_advisory_xact_lock/;
my $two = RCAPI::Test->new(beside => $one, children => 1);
my @nodes = ($one, $two);

$one->repo('seen', commits => 1, args => { private => JSON::PP::true() });
my $bob = $one->user('bob')->{user_id};
$one->must(grant_user_permission => { repoid => 'seen', userid => 'bob', perm => 'repository.read' });

# Whether bob sees the repository, by the nodes: '1 1'.
sub sees { return join ' ', map { $_->call(get_repo => { repoid => 'seen' }, as => 'bob')->{error} ? 0 : 1 } @nodes }

my $HAVE = q{FROM pg_locks l JOIN pg_database d ON d.oid = database AND datname = current_database()
    WHERE locktype = 'advisory' AND (classid, objid, objsubid) = (4711, 1, 2) AND mode = 'ShareLock' AND granted};

# Calls until both nodes have a promise.
sub calm {
    my $both = sub { sees() for 1 .. 20; $one->sql("SELECT count(*) $HAVE") == @nodes };
    patiently(30, $both) or die "no promises\n";
}

sub set_active { $one->sql("UPDATE users SET active = $_[0] WHERE user_id = $bob") }

# Questions to the server up to now.
sub asked { return scalar(() = slurp("$pg->{temp}/data/log") =~ /execute level: /g) }

subtest 'few questions' => sub {
    calm();
    my $few = patiently(30, sub { my $before = asked(); sees() for 1 .. 50; asked() - $before < 30 });
    ok($few, 'most of 100 calls ask nothing');
    $one->stop;
    ok(patiently(5, sub { $one->sql("SELECT count(*) $HAVE") < 2 }), 'a server that stops has no promise');
    $one->start;
    unlike(slurp("$pg->{temp}/data/log"), qr/connection to client lost/, '... and takes its leave');
};

my %ways = (
    'the program psql' => \&set_active,
    'psql as what applies a replication' => sub {
        $pg->sql_of_chief($one->database,
            "SET session_replication_role = replica; UPDATE users SET active = $_[0] WHERE user_id = $bob");
    },
    'rcapi-admin' => sub { $one->admin(qw(user set bob), 'active=' . ($_[0] ? 'on' : 'off')) },
    'one server' => sub { $one->must(update_user => { userid => 'bob', active => $_[0] ? 'True' : 'False' }) },
    'the other' => sub { $two->must(update_user => { userid => 'bob', active => $_[0] ? 'True' : 'False' }) },
);
subtest 'a change is seen by the next request' => sub {
    for my $way (sort keys %ways) {
        for my $round (1 .. rounds(2, 100)) {
            for my $active (0, 1) {
                calm();
                $ways{$way}->($active);
                is(sees(), "$active $active", "$way, $active");
            }
        }
    }
};

subtest 'what a subscription applies' => sub {
    my $far = $pg->database;
    $pg->sql_of_chief($far, "CREATE SCHEMA rcapi; CREATE TABLE rcapi.users (user_id BIGINT PRIMARY KEY, active BIGINT);
        INSERT INTO rcapi.users VALUES ($bob, 1); CREATE PUBLICATION far FOR TABLE rcapi.users;
        SELECT pg_create_logical_replication_slot('far', 'pgoutput')");
    my $as_chief = $far =~ s/^postgresql:(.*)user=\w+/$1user=chief/r;
    $pg->sql_of_chief($one->database, "CREATE SUBSCRIPTION far CONNECTION '$as_chief' PUBLICATION far
        WITH (create_slot = false, slot_name = 'far', copy_data = false)");
    for my $active (0, 1) {
        calm();
        $pg->sql_of_chief($far, "UPDATE rcapi.users SET active = $active");
        my $there = patiently(30, sub { $one->sql("SELECT active FROM users WHERE user_id = $bob") == $active });
        ok($there, 'is there');
        is(sees(), "$active $active", 'is seen');
    }
    $pg->sql_of_chief($one->database, 'DROP SUBSCRIPTION far');
    $pg->drop($far);
};

subtest 'a restore of data alone, which sets the numbers back' => sub {
    calm();
    $one->sql("SELECT setval('rcapi.change_n', 1)");
    for my $active (0, 1) {
        set_active($active);
        is(sees(), "$active $active", 'a change after it');
    }
};

# As pg_restore --data-only --disable-triggers does: other data, and what was noted of them, with the same number.
subtest 'a restore of data alone, to the number where a node is' => sub {
    for my $active (0, 1) {
        calm();
        $one->sql(<<"END");
BEGIN;
ALTER TABLE users DISABLE TRIGGER USER;
UPDATE users SET active = $active WHERE user_id = $bob;
CREATE TEMP TABLE noted AS SELECT * FROM change;
DELETE FROM change;
INSERT INTO change SELECT * FROM noted;
SELECT setval('change_n', (SELECT max(n) FROM change));
ALTER TABLE users ENABLE ALWAYS TRIGGER note_change, ENABLE ALWAYS TRIGGER note_truncate,
    ENABLE REPLICA TRIGGER note_applied;
COMMIT;
END
        ok(patiently(5, sub { sees() eq "$active $active" }), 'is seen when a promise ends');
    }
};

subtest 'triggers that were disabled are enabled by a server that starts' => sub {
    $one->sql('ALTER TABLE rcapi.users DISABLE TRIGGER USER');
    $_->stop, $_->start for @nodes;
    for my $active (0, 1) {
        calm();
        set_active($active);
        is(sees(), "$active $active", 'a change');
    }
};

subtest 'a change that does not take the promises back is found by this test' => sub {
    my $real = $one->sql(q{SELECT pg_get_functiondef('rcapi.note_change()'::regprocedure)});
    my $faulty = $real =~ s/IF NOT pg_try_advisory_xact_lock\(4711, 1\).*?END IF;//rs;
    isnt($faulty, $real, 'planted');
    $one->sql($faulty);
    my $late = 0;
    for my $round (1 .. 20) {
        calm();
        set_active($round % 2 ? 0 : 1);
        last if $late = sees() ne ($round % 2 ? '0 0' : '1 1');
    }
    ok($late, 'an answer was too old');
    $one->sql($real);
    set_active(1);
    patiently(10, sub { sees() eq '1 1' });
};

subtest 'a server that is frozen' => sub {
    my $real = $one->sql(q{SELECT pg_get_functiondef('rcapi.promise()'::regprocedure)});
    for my $promise ($real, $real =~ s/query_canceled OR //r) { # the other one fails when a writer calls
        $one->sql($promise);
        calm();
        kill STOP => $two->children;
        my $before = time;
        set_active(0);
        cmp_ok(time - $before, '<', 13 + 2 * slow(), 'holds up a change for a short time');
        kill CONT => $two->children;
        is(sees(), '0 0', 'and knows of it when it goes on');
        set_active(1);
    }
    $one->sql($real);
    my $logs = join '', map { $_->error_log } @nodes;
    unlike($logs, qr/is asked at each request/, 'and no failure of a promise is logged');
};

subtest 'a database server that is frozen' => sub {
    my @backends = split ' ', $one->sql(q{SELECT pid FROM pg_stat_activity WHERE application_name = 'mod_rcapi'});
    kill STOP => @backends;
    my $before = time;
    is($one->call(get_repo => { repoid => 'seen' }, as => 'bob')->{error}, undef, 'is asked on new connections');
    cmp_ok(time - $before, '<', 11 + 2 * slow(), '... soon');
    kill CONT => @backends;
};

subtest 'connections that end' => sub {
    for my $active (0, 1) {
        calm();
        $one->sql("SELECT pg_terminate_backend(pid) $HAVE; UPDATE users SET active = $active WHERE user_id = $bob");
        is(sees(), "$active $active", 'by the server');
    }
};

subtest 'a crash of the database server' => sub {
    calm();
    my ($backend) = $one->sql("SELECT pid $HAVE LIMIT 1") =~ /(\d+)/;
    kill KILL => $backend;
    my $before;
    patiently(20, sub { eval { $before = time; set_active(0); 1 } }) or die 'the server does not come back';
    cmp_ok(time - $before, '>', 0.9, 'the first change waits until nobody can count on a promise');
    patiently(20, sub { sees(); !grep { $_->last->status != 200 } @nodes });
    is(sees(), '0 0', 'and is seen');
    set_active(1);
};

subtest 'a role that may not call on others' => sub {
    $pg->sql_of_chief($one->database, 'CREATE ROLE other; GRANT USAGE, CREATE ON SCHEMA rcapi TO other;
        ALTER FUNCTION rcapi.recall() OWNER TO other');
    for my $active (0, 1) {
        calm();
        set_active($active);
        is(sees(), "$active $active", 'waits until the promises end');
    }
    $pg->sql_of_chief($one->database, 'ALTER FUNCTION rcapi.recall() OWNER TO rcapi');
};

subtest 'a database of an older version' => sub {
    $one->sql('DROP FUNCTION rcapi.promise()');
    my $asked = qr/the database is asked at each request: .*rcapi\.promise/;
    my $said = sub { sees() for 1 .. 20; $one->error_log =~ $asked };
    ok(patiently(30, $said), 'is asked at each request');
    set_active(0);
    is(sees(), '0 0', 'a change');
    set_active(1);
    is(sees(), '1 1', '... and back');
    $_->stop, $_->start for @nodes;
    ok(eval { calm(); 1 }, 'a server that starts mends that');
};

$_->done for reverse @nodes;
done_testing;
