# SPDX-License-Identifier: Apache-2.0
# A database on a PostgreSQL server: what is refused, and what users see when connections break, or when the
# server goes away and comes back. The rest of the tests run on it by make test STORE=postgresql.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use RCAPI::Former;
use RCAPI::PostgreSQL;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

plan skip_all => 'no PostgreSQL server is installed (Debian: apt-get install postgresql)' if !RCAPI::PostgreSQL::bin();

my $pg = RCAPI::PostgreSQL->new(own => 1);
my $t = RCAPI::Test->new(pg => $pg, children => 1);
plan skip_all => 'built without libpq' if slurp($t->program('rcapi-admin')) !~ /pg_advisory_xact_lock/;
my $database = $t->database;

subtest 'what is refused' => sub {
    my $secret = 'pw-in-the-name';
    $t->secret($secret);
    my %wrong = (
        "$database password=$secret" => qr/password= is not accepted .* use passfile= or service=/,
        "$database sslpassword=$secret" => qr/sslpassword= is not accepted/,
        "postgresql://rcapi:$secret\@localhost/rcapi" => qr/password= is not accepted/,
        "postgresql:$secret" => qr/no valid connection string/,
        "postgresql:nothing=$secret" => qr/no valid connection string/,
        map({ $_ => qr/the name of a database on a server begins with postgresql:/ }
            "postgres://rcapi:$secret\@localhost/rcapi", 'postgresql+psycopg2://x/rcapi', 'PostgreSQL:dbname=a'),
    );
    for my $name (sort keys %wrong) {
        my ($status, $text) = $t->httpd_conf_test(qq(RcapiDatabase "$name"\n));
        isnt($status, 0, 'httpd -t: ' . $name =~ s/$secret/.../r);
        like($text, $wrong{$name}, 'it says why');
        unlike($text, qr/$secret/, 'but not the name');
        my $r = $t->try_admin('--db', $name, 'user', 'list');
        like("$r->{exit} $r->{err}", qr/^1 rcapi-admin: .*$wrong{$name}/, 'rcapi-admin as well');
        unlike($r->{err}, qr/$secret/, 'without the name');
    }
    my ($status, $text) = $t->httpd_conf_test(qq(RcapiDatabase "postgresql:dbname=x"\n));
    is($status, 0, 'a server that is away is no fault of the configuration') or diag($text);
    my %unfit = (
        "OWNER rcapi LOCALE 'C.UTF-8'" => qr/has the locale C\.UTF-8: create it with .* LOCALE 'C'/,
        "OWNER rcapi LOCALE_PROVIDER icu ICU_LOCALE 'en-US'" => qr/has the locale provider icu: .* LOCALE_PROVIDER/,
        'OWNER rcapi ENCODING latin1' => qr/has the encoding LATIN1: create it with .* ENCODING 'UTF8'/,
        '' => qr/ is reached, but not usable: .*permission denied for database/,
    );
    for my $options (sort keys %unfit) {
        my $other = $pg->database($options);
        my $r = $t->try_admin('--db', $other, qw(init --user a --email a@x.org --password pw-of-a-here --force-yes));
        like($r->{err}, $unfit{$options}, $options || 'of another owner');
        $pg->drop($other);
    }
    my $r = $t->try_admin('--db', $database =~ s/dbname=\w+/dbname=nowhere/r, 'user', 'list');
    like($r->{err}, qr/is away: .*database "nowhere" does not exist/, 'a database that does not exist');
    my $other = $pg->database;
    $r = $t->try_admin('--db', $other, 'user', 'list');
    like($r->{err}, qr/is empty: restore it from a backup, or run init/, 'an empty one');
    $pg->drop($other);
};

subtest 'connections' => sub {
    my %set = map { split / /, $_, 2 } split /\n/, $t->sql("SELECT DISTINCT application_name || ' '
        || (backend_type = 'client backend')::text FROM pg_stat_activity WHERE usename = 'rcapi'");
    is($set{mod_rcapi}, 'true', 'they have a name');
    $t->must('get_user');
    is($t->sql("SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'mod_rcapi'"), "t\n",
        'they stay open');
    for my $turn (1 .. 3) {
        $t->sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'mod_rcapi'");
        my @call = $turn < 3 ? ('get_user') : (update_user => { userid => 'admin', firstname => 'New' });
        my $answer = $t->call(@call);
        is($answer->{error}, undef, 'all end: the next call opens another one');
    }
};

subtest 'what the server warns of' => sub {
    $t->sql(<<'END');
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE WARNING 'the table shouts %', current_setting('max_parallel_workers_per_gather')
        USING DETAIL = 'of ' || NEW.firstname, ERRCODE = '01404';
    RAISE NOTICE 'and whispers';
    RETURN NEW;
END $$;
CREATE TRIGGER shout BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION shout();
END
    $t->news;
    $t->must(update_user => { userid => 'admin', firstname => 'Notfortheworld' });
    my $news = $t->news;
    is(() = $news =~ /\[rcapi:warn\] .*database: WARNING: the table shouts 0 \(01404\)/g, 1,
        'is logged once, and no call starts processes of the server') or diag($news);
    unlike($news, qr/Notfortheworld|whispers|DETAIL|CONTEXT/, 'without values, and nothing else');
    unlike(slurp("$t->{dir}/logs/console"), qr/shouts|whispers/, 'in no other place');
    $t->sql('DROP TRIGGER shout ON users; DROP FUNCTION shout');
};

subtest 'no text breaks a statement' => sub {
    is($t->get("/$_/changeset-diff/tip", as => 'admin')->status, 404, $_) for '%ff', '%EF%BF%BE', '%C3%28';
    my $answer = $t->call(create_repo_group => { group_name => "a\x{10ffff}\x{e9}" });
    is($answer->{error}, undef, 'all of Unicode');
    my $wide = $t->call(get_user => { userid => 9223372036854775807 });
    like($wide->{error}, qr/does not exist/, 'large numbers');
};

subtest 'the server is away' => sub {
    $pg->stop;
    my $answer = $t->call('get_user');
    is($t->last->status, 503, 'a call');
    is($t->last->header('Retry-After'), 3, 'may be repeated');
    my $later = $t->get('/_admin/api', method => 'POST', headers => { 'X-Api-Key' => $t->key('admin') },
        body => '{"jsonrpc":"2.0","id":5,"method":"get_user"}');
    like($later->status . $later->header('Retry-After') . $later->body,
        qr/^5033\{"jsonrpc":"2.0","id":5,"error":\{"code":-32603,/, 'as a request of JSON-RPC 2.0');
    my $view = $t->get('/nothing/changeset-diff/tip', as => 'admin');
    is($view->status . ' ' . ($view->header('Retry-After') // ''), '503 3', 'a view');
    $pg->start;
    is($t->call('get_user')->{error}, undef, 'it is back: the next call finds it');
};

my $MINE = 'datname = current_database() AND';

# Runs code while another session is in a transaction and has run SQL in it.
sub while_locked {
    my ($sql, $code) = @_;
    my $locker = fork // die "fork: $!";
    if (!$locker) {
        eval { $t->sql("BEGIN; $sql; SELECT pg_sleep(20)") };
        POSIX::_exit(0);
    }
    my $sleeps = "FROM pg_stat_activity WHERE $MINE wait_event = 'PgSleep' AND query LIKE 'SELECT pg_sleep%'";
    patiently(10, sub { $t->sql("SELECT count(*) $sleeps") > 0 }) or die "no lock\n";
    my $result = $code->();
    $t->sql("SELECT pg_terminate_backend(pid) $sleeps");
    waitpid $locker, 0;
    return $result;
}

# What a call gets: status, when to try again, the error.
sub outcome {
    my $answer = $t->call(@_);
    return join ' ', $t->last->status, $t->last->header('Retry-After') // '-', $answer->{error} // '-';
}

# Has a call wait for a lock, ends its connection, and returns what it gets.
sub cut_off {
    my ($sql, @call) = @_;
    return while_locked($sql, sub {
        my $cutter = fork // die "fork: $!";
        if (!$cutter) {
            my $waits = "FROM pg_stat_activity WHERE $MINE wait_event_type = 'Lock'";
            patiently(10, sub { $t->sql("SELECT count(pg_terminate_backend(pid)) $waits") > 0 });
            POSIX::_exit(0);
        }
        my $outcome = outcome(@call);
        waitpid $cutter, 0;
        return $outcome;
    });
}

sub ends_in_the_middle {
    my ($name) = @_;
    $t->must(create_repo => { repo_name => $name, repo_type => 'git' });
    my @read = (get_repo => { repoid => $name });
    is(cut_off('LOCK api_key', @read, as => 'newcomer'), '503 3 Internal server error', 'of the look-up of a key');
    is(cut_off('LOCK repo_following', @read, as => 'newcomer'), '503 3 Internal server error', 'of a read');
    my @write = (update_repo => { repoid => $name, description => 'x' });
    is(cut_off('LOCK repo', @write), '503 3 Internal server error', 'before a change');
    is(cut_off('LOCK repo IN EXCLUSIVE MODE', @write), "200 - failed to update repo `$name`", 'of a change');
    is($t->must(@read)->{description}, $name, 'which was not made');
}

subtest 'the connection ends in the middle' => sub {
    $t->user('newcomer');
    ends_in_the_middle('cut');
};

subtest 'somebody locks what each request looks at' => sub {
    plan skip_all => 'no request looks at it when nothing is remembered' if !$t->remembers;
    my @write = (update_repo => { repoid => 'cut', description => 'new' });
    $t->must('get_user') for 1 .. 3; # its answer is remembered
    $t->news;
    $t->sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'mod_rcapi'");
    my $asked = while_locked('LOCK change', sub { outcome(@write) }); # by connections that have asked nothing yet
    is($asked, '503 3 Internal server error', 'a change may be repeated');
    like($t->news, qr/database: another session holds a lock: the state: /, 'the log says why');
    is(outcome(@write), '200 - -', 'then the change is made');
    is(outcome('get_user'), '200 - -', '... and what is remembered is asked for');
    unlike($t->news, qr/not followed|26000/, 'nothing is left of it');
};

subtest 'somebody writes for too long' => sub {
    $t->news;
    my @write = (update_repo => { repoid => 'cut', description => 'new' });
    my $writer = "UPDATE repo SET description = 'theirs'";
    my $asked = while_locked($writer, sub { outcome(@write) });
    is($asked, '503 3 Internal server error', 'a change that waits for its turn may be repeated');
    like($t->news, qr/database: another session holds a lock: the writers' lock: /, 'the log says why');
};

subtest 'the same without memory' => sub { # then a transaction begins with its first statement
    my $config = $t->{server}{config};
    $t->{server}{config} .= "RcapiRemember Off\n";
    $t->reload;
    my $waits = while_locked('LOCK api_key', sub { outcome(get_repo => { repoid => 'cut' }, as => 'newcomer') });
    is($waits, '503 3 Internal server error', 'a lock that lasts too long');
    my %next = map { $_ => 1 } map { outcome(get_repo => { repoid => 'cut' }, as => 'newcomer') } 1 .. 16;
    is_deeply([keys %next], ['200 - -'], 'the next calls, by any connection, get their answers');
    ends_in_the_middle('cut-2');
    $t->{server}{config} = $config;
    $t->reload;
};

subtest 'what the server cannot do now' => sub {
    $t->sql(<<'END');
CREATE TABLE code AS SELECT ''::text AS code;
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'no' USING ERRCODE = (SELECT code FROM code);
END $$;
CREATE TRIGGER fail BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION fail();
END
    my %says = ('55P03' => 'another session holds a lock', 57014 => 'this took too long, or was cancelled',
        40001 => 'another transaction was faster', '40P01' => 'other transactions wait for each other',
        53300 => 'it has no connection left', 53200 => 'it has no memory left', 25006 => 'it is read-only',
        '57P03' => 'it starts or stops');
    for my $code (sort keys %says) {
        $t->sql("UPDATE code SET code = '$code'");
        my $r = $t->try_admin(qw(password admin --password pw-of-admin-here));
        like("$r->{exit} $r->{err}", qr/^1 rcapi-admin: database: $says{$code}: .*\($code\)$/, "$code in a program");
    }
    $t->sql("UPDATE code SET code = '53100'");
    $t->news;
    is(outcome(update_user => { userid => 'admin', firstname => 'New' }), '200 - failed to update user `admin`',
        'a full disk');
    like($t->news, qr/\[rcapi:error\] .*\(53100\)/, '... is for the administrator');
    $t->sql('DROP TRIGGER fail ON users; DROP FUNCTION fail; DROP TABLE code');
};

subtest 'a server that becomes read-only' => sub {
    my $set = sub { $pg->sql_of_chief('postgres', "$_[0]; SELECT pg_reload_conf()") };
    my @write = (update_repo => { repoid => 'cut', description => 'newer' });
    $set->('ALTER SYSTEM SET default_transaction_read_only = on');
    my $refused = patiently(10, sub { outcome(@write) eq '200 - failed to update repo `cut`' });
    ok($refused, 'a change has failed');
    like($t->news, qr/database: it is read-only: /, 'the log says why');
    is(outcome(get_repo => { repoid => 'cut' }), '200 - -', 'reading goes on');
    $set->('ALTER SYSTEM RESET default_transaction_read_only');
    ok(patiently(10, sub { outcome(@write) eq '200 - -' }), 'and changes, when it may write again');
};

subtest 'programs' => sub {
    my $file = "$t->{dir}/scratch/copy";
    is($t->admin('backup', $file), '', 'backup, by pg_dump');
    is(sprintf('%o', (stat $file)[2] & 07777), '600', 'for its owner alone');
    my ($start, $name) = $database =~ /^(.*) dbname=(\w+)$/;
    my $same = $t->run({ env => { PGDATABASE => $name } }, $t->program('rcapi-admin'),
        $t->admin_place('--db'), '--db', $start, 'backup', '-');
    is("$same->{exit} $same->{err}", '0 ', 'pg_dump finds what libpq finds in the environment');
    my $into = $pg->database;
    my $r = $t->run("$pg->{bin}/pg_restore", '--exit-on-error', '-d', $into =~ s/^postgresql://r, $file);
    is("$r->{exit} $r->{err}", '0 ', 'pg_restore accepts it');
    is($t->admin('--db', $into, 'user', 'list'), $t->admin('user', 'list'), 'with the same users');
    is($t->admin('check'), '', 'check');
    $pg->sql_of_chief($database, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'users_admin'::regclass");
    like($t->try_admin('check')->{out}, qr/index users_admin is not valid: run REINDEX/, 'what it finds');
    $t->sql('REINDEX INDEX users_admin');
    my $again = $t->try_admin('--db', $into,
        qw(init --user bob --email b@x.org --password pw-of-bob-here --force-yes));
    is($again->{exit}, 0, 'init again') or diag($again->{err});
    like($t->admin('--db', $into, 'user', 'list'), qr/\A\d+\tbob\t[^\n]*\n\z/, 'replaces what was there');
    is($pg->sql($into, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'rcapi%'"), "1\n", 'and leaves nothing');
    $pg->drop($into);
};

# Both ways, with a row in every table that has rows at all, and references in both directions.
subtest 'migrate' => sub {
    my $g = $t->must(create_repo_group => { group_name => 'old' })->{repo_group}{group_id};
    $t->must(create_repo_group => { group_name => 'new' });
    $t->must(create_repo => { repo_name => 'new/lib', repo_type => 'git', description => "caf\x{e9}" });
    $t->sql("UPDATE repo_group SET parent_id = (SELECT group_id FROM repo_group WHERE group_name = 'new')
        WHERE group_id = $g"); # a parent that is younger
    $t->user('gone');
    $t->must(delete_user => { userid => 'gone' });
    my $file = "$t->{dir}/scratch/rcapi.db";
    my $r = $t->try_admin('migrate', '--to', $file);
    like("$r->{exit} $r->{err}", qr/^1 rcapi-admin: \Q$database\E is in use: stop/, 'not while a server runs');
    ok(!-e $file, 'and nothing was made');
    $t->stop;
    my $tables = $t->admin('migrate', '--to', $file);
    like($tables, qr/^users\t3$/m, 'to a file: the rows of each table');
    my @look = (['user', 'list'], ['repo', 'list'], ['journal', 'list', '--last', 1000]);
    is($t->admin('--db', $file, @$_), $t->admin(@$_), "the same: @$_") for @look;
    is($t->admin('--db', $file, 'check'), '', 'check');
    my $sum = $t->run('sqlite3', $file, 'PRAGMA foreign_key_check; PRAGMA integrity_check')->{out};
    is($sum, "ok\n", 'all references');
    $r = $t->try_admin('migrate', '--to', $file);
    like("$r->{exit} $r->{err}", qr/^1 .* is not empty: its table setting has rows/, 'not twice');
    my $into = $pg->database;
    my $other = do { local $ENV{RCAPI_STORE} = ''; RCAPI::Test->new(children => 1) };
    $r = $t->try_admin('--db', $into, 'migrate', '--from', "$other->{data}/rcapi.db");
    like("$r->{exit} $r->{err}", qr{^1 rcapi-admin: \S+/rcapi\.db is in use: }, 'nor from a file in use');
    $other->done;
    $r = $t->try_admin('--db', $into, 'migrate', '--from', $file);
    is($r->{out}, $tables, 'from the file to a new database');
    is($r->{err}, '', 'without a warning of what belongs to others');
    is($pg->sql($into, "SELECT count(*) FROM pg_class WHERE relnamespace = 'rcapi'::regnamespace AND relkind = 'r'
        AND reltuples < 0"), "0\n", 'the planner knows how large the tables are');
    is($t->admin('--db', $into, @$_), $t->admin(@$_), "the same: @$_") for @look;
    is($pg->sql($into, 'SELECT count(*) FROM pg_constraint WHERE condeferrable'), "0\n", 'references are checked');
    $t->admin('--db', $into, qw(user create last email=l@x.org --password pw-of-last-user));
    my ($last) = $t->admin('--db', $into, 'user', 'list') =~ /^(\d+)\tlast\t/m;
    cmp_ok($last, '>', $t->sql("SELECT last_value FROM users_user_id_seq"), 'no id is given again');
    $pg->drop($into);
    is($t->try_admin('migrate', @$_)->{exit}, 2, "wrong: @$_") for [], [qw(--to a --from b)], [qw(--to a b)];
    $r = $t->try_admin('migrate', '--from', "$t->{dir}/scratch/nothing.db");
    like("$r->{exit} $r->{err}", qr/^1 .*does not exist/, 'from nothing');
    my $broken = "$t->{dir}/scratch/broken.db";
    $t->sql('ALTER TABLE setting ADD COLUMN more BIGINT DEFAULT 1');
    $r = $t->try_admin('migrate', '--to', $broken);
    like("$r->{exit} $r->{err}", qr/^1 .*no column named more/, 'a table that is another one');
    ok(!-e $broken, 'leaves nothing');
};

subtest 'moving in from a database on a server' => sub {
    my $former = RCAPI::Former->new('rhodecode 4.3', prefix => 'former');
    my $from = $pg->database;
    $pg->sql($from, $former->postgresql);
    my $r = $t->try_admin(qw(import rhodecode --from), $from);
    is("$r->{exit} $r->{signal} $r->{err}", '0 0 ', 'import');
    my %came = $r->{out} =~ /^([\w -]+)\t(\d+)\t/mg;
    is($came{users}, @{ $former->{rows}{users} } - 1, 'users');
    is($came{members}, @{ $former->{rows}{users_groups_members} }, 'members');
    is($came{'user groups'}, 3, 'user groups');
    is($t->sql("SELECT inherit_default_permissions, created_on > 0 FROM users WHERE username IN ('former_ann', "
        . "'former_carl') ORDER BY username"), "1|t\n0|t\n", 'flags and times');
    is($t->try_admin(qw(import rhodecode --from), $from =~ s/dbname=\w+/dbname=nowhere/r)->{exit}, 1, 'none there');
    $pg->drop($from);
};

$t->done;
done_testing;
