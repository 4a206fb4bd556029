# SPDX-License-Identifier: Apache-2.0
# rcapi-admin (contract 04 §6 and §7): every command, option, message and exit status; and that a
# running server sees what it changes.
use strict;
use warnings;
use lib 't/lib';
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use RCAPI::Git;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(public => 0);
my $HEX40 = qr/\A[0-9a-f]{40}\n\z/;
my $place = $t->dir . '/scratch';
my $n = 0;

# A new folder for data, not yet there.
sub place { "$place/data" . ++$n }

# The program; the last word may be a hash of options of RCAPI::Test::run.
sub admin {
    my (@words) = @_;
    my $opt = ref $words[-1] ? pop @words : {};
    return $t->run($opt, $t->program('rcapi-admin'), @words);
}

# Exit status, and what it says on either output: a text, or a pattern.
sub ends {
    my ($r, $exit, $out, $err, $about) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @bad;
    push @bad, "exit $r->{exit}, signal $r->{signal}" if $r->{exit} != $exit || $r->{signal};
    push @bad, "standard output: $r->{out}" unless ref $out ? $r->{out} =~ $out : $r->{out} eq $out;
    push @bad, "standard error: $r->{err}" unless ref $err ? $r->{err} =~ $err : $r->{err} eq $err;
    ok(!@bad, $about) or diag(@bad);
    return $r;
}

# Refused: nothing on standard output, one line on the other.
sub refused {
    my ($exit, $message, @words) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @shown = grep { !ref } @words;
    ends(admin(@words), $exit, '', "rcapi-admin: $message\n", "@shown[0 .. ($#shown > 4 ? 4 : $#shown)]: $message");
}

sub mode { sprintf '%04o', (stat $_[0])[2] & 07777 }

my @INIT = qw(init --user admin --email admin@example.org --password secret-1);
my $OFF = "Anonymous access is off: visitors need a key; `rcapi-admin anonymous on` changes that.\n";
my $NONE = "Initial repository scan: no repositories found.\n$OFF";

# One that works; its folder.
sub made {
    my (@more) = @_;
    my $data = place();
    my $r = admin('--data', $data, @INIT, @more);
    die $r->{err} if $r->{exit};
    chomp(my $key = $r->{out});
    $t->secret($key);
    return wantarray ? ($data, $key) : $data;
}

sub api {
    my ($data, @words) = @_;
    return JSON::PP::decode_json(admin('--data', $data, 'call', @words)->{out});
}

subtest 'command line' => sub {
    my $usage = qr/\Ausage: rcapi-admin --data DIR \| --db FILE --repos DIR --secret FILE  COMMAND/;
    my $data = made();
    ends(admin($_), 0, $usage, '', $_) for qw(--help -h);
    ends(admin('--data', $data, 'token', 'create', '--help'), 0, $usage, '', '--help anywhere');
    my $help = admin('--help')->{out};
    like($help, qr/^  \Q$_\E /m, "help names $_") for qw(init token ip anonymous password call check);
    like($help, qr/Exit status: 0 done, 1 failed, 2 wrong command line/);
    ends(admin(@$_), 2, '', $usage, "without enough: @$_")
        for [], ['check'], ['--data', $data], ['--db', 'x', 'check'], ['--db', 'x', '--repos', 'y', 'check'];
    refused(2, 'unknown command frob; see rcapi-admin --help', '--data', $data, 'frob');
    refused(2, 'unknown command frob; see rcapi-admin --help', 'help', 'frob');
    like(admin('frob')->{err}, qr/^rcapi-admin: unknown command frob; see rcapi-admin --help\n\z/m,
        'nor without a place');
    like(admin('check')->{err},
        qr/^rcapi-admin: check requires the data directory: --data DIR, or the environment variable RCAPI_DATA\n\z/m,
        'a missing place is named last');
    refused(1, "$data/none/rcapi.db does not exist; run init first", '--data', "$data/none", 'check');
    ok(!-e "$data/none", 'looking makes nothing');
    ends(admin("--data=$data", 'check'), 0, '', '', '--data=DIR');
    ends(admin('check', '--data', $data), 0, '', '', 'places may follow');
    ends(admin('--data', 'data' . $n, 'check', { dir => $place }), 0, '', '', 'a relative folder');
    ends(admin('--db', "$data/rcapi.db", '--repos', "$data/repos", '--secret', "$data/secret", 'check'), 0, '', '',
        'the three places');
    ends(admin('--data', '/no/where', '--db', "$data/rcapi.db", '--repos', "$data/repos", '--secret', "$data/secret",
        'check'), 0, '', '', 'which win over --data');
};

subtest 'help, version, the place from the environment' => sub {
    my $data = made();
    my $all = admin('--help')->{out};
    like($all, qr/RCAPI_DATA/, 'help names the variable');
    for my $words (['help', 'token'], ['token', '--help'], ['--data', $data, 'token', '-h']) {
        my $r = ends(admin(@$words), 0, qr/\Ausage: .*^  token list USER/ms, '', "@$words");
        unlike($r->{out}, qr/^  ip list/m, 'of that alone');
    }
    ends(admin('help'), 0, $all, '', 'help alone: of all');
    ends(admin('--version'), 0, qr/\Arcapi-admin \d+\.\d+\.\d+\n\z/, '', '--version');
    ends(admin('check', { env => { RCAPI_DATA => $data } }), 0, '', '', 'RCAPI_DATA');
    ends(admin('--data', $data, 'check', { env => { RCAPI_DATA => '/no/where' } }), 0, '', '',
        'the command line wins');
    ends(admin('check', { env => { RCAPI_DATA => '' } }), 2, '', qr/\Ausage/, 'an empty one is none');
    ends(admin('--headers', '--data', $data, qw(token list admin)), 0,
        qr/\AID\tKIND\tROLE\tEXPIRES\tKEY\tDESCRIPTION\tSCOPE\tLAST USED\n\d+\tmain\t/, '', 'headers, when wanted');
    ends(admin('--data', $data, qw(init --user a --email), $_, qw(--password secret-1 --force-yes)), 2, '',
        "rcapi-admin: `$_` is no e-mail address\n", "init: $_") for 'x', 'a b@c', 'a@', '@b', 'a@b@c', '<a@b>';
    my $stdin = place();
    ends(admin('--data', $stdin, @INIT[0 .. 4], '--password-stdin', { stdin => "secret-9\n" }), 0, $HEX40, $NONE,
        '--password-stdin');
    ends(admin('--data', $stdin, qw(password admin --password-stdin), { stdin => '' }), 2, '',
        "rcapi-admin: standard input has no password, or a line that is too long\n", 'which must not be empty');
    ends(admin('--data', $stdin, qw(password admin --password-stdin), { stdin => 'x' x 4096 . "\n" }), 2, '',
        "rcapi-admin: standard input has no password, or a line that is too long\n", 'and is never cut');
    ends(admin('--data', $stdin, qw(password admin --password-stdin), { stdin => "secret-8\r\n" }), 0, '', '',
        'password');
};

# What is not printed is not done: above all a new key, which nobody sees again.
subtest 'output that cannot be written' => sub {
    my $data = made();
    for my $to ('> /dev/full', '>&-') {
        my $goes = sub {
            my ($exit, $err, @words) = @_;
            local $Test::Builder::Level = $Test::Builder::Level + 1;
            ends($t->run('sh', '-c', "exec \"\$\@\" $to", 'sh', $t->program('rcapi-admin'), '--data', $data, @words),
                $exit, '', $err, "@words $to");
        };
        my $reason = qr/No space left on device|Bad file descriptor|a part of it is lost/;
        $goes->(1, qr/\Arcapi-admin: cannot write to standard output: $reason\n\z/, @$_)
            for [qw(token list admin)], [qw(token create admin)], [qw(call test args:x)],
            [qw(journal export --jsonl)], [qw(backup -)], ['--help'], ['--version'];
        $goes->(0, '', @$_) for ['check'], [qw(anonymous off)];
        $goes->(2, qr/\Arcapi-admin: unknown command nothing/, 'nothing');
    }
    ends(admin('--data', $data, 'check'), 0, '', '', 'nothing was written into a file of the data');
};

subtest 'init' => sub {
    my $data = place();
    my $old = umask 0;
    my $r = ends(admin('--data', $data, @INIT), 0, $HEX40, $NONE, 'prints only the key');
    is(mode($data), '0700');
    is(mode("$data/$_"), '0700', $_) for qw(repos repos/.rc_tmp);
    is(mode("$data/$_"), '0600', $_) for qw(rcapi.db rcapi.db.lock secret);
    my %mode = (map({ -d $_ ? () : ($_ => mode($_)) } glob "$data/*"));
    is(join(',', grep { $mode{$_} ne '0600' } keys %mode), '', 'no other file may be read');
    umask $old;
    ends(admin('--data', $data, 'check'), 0, '', '', 'check is content');

    my $user = api($data, 'get_user', 'userid:admin')->{result};
    is_deeply([@$user{qw(firstname lastname email active admin extern_type)}],
        ['RhodeCode', 'Admin', 'admin@example.org', JSON::PP::true, JSON::PP::true, 'rhodecode']);
    is($user->{api_key} . "\n", $r->{out}, 'the key of the administrator');
    ok(!grep({ $_->{username} eq 'default' } @{ api($data, 'get_users')->{result} }),
        'the default user is not listed');

    my $secret = slurp("$data/secret");
    refused(1, "$data/rcapi.db exists; use --force-yes to destroy it", '--data', $data, @INIT);
    refused(1, "$data/rcapi.db exists; use --force-yes to destroy it", '--data', $data, @INIT, '--force-no');
    is(api($data, 'get_user', 'userid:admin')->{result}{api_key} . "\n", $r->{out}, 'nothing was changed');
    api($data, qw(create_user username:gone email:g@example.org));
    my $new = ends(admin('--data', $data, @INIT, '--force-yes'), 0, $HEX40, $NONE, '--force-yes');
    isnt($new->{out}, $r->{out}, 'a new key');
    is(slurp("$data/secret"), $secret, 'the secret stays');
    ok(api($data, qw(get_user userid:gone))->{error}, 'and the users do not');
    is(join(' ', glob "$data/*.old*"), '', 'nothing of the former database is left');

    for my $taken ('a text', '') {
        $data = place();
        mkdir $data;
        spew("$data/rcapi.db", $taken);
        $taken eq '' ? ends(admin('--data', $data, @INIT), 0, $HEX40, $NONE, 'an empty file is no database')
            : refused(1, "$data/rcapi.db exists; use --force-yes to destroy it", '--data', $data, @INIT);
    }
};

subtest 'init: options' => sub {
    my $key = 'my own key 0123456789';
    my ($data, $got) = made('--api-key', $key, qw(--firstname Ann --lastname=Author --public-access));
    is($got, $key, '--api-key');
    my $user = api($data, qw(get_user userid:admin))->{result};
    is_deeply([@$user{qw(firstname lastname api_key)}], ['Ann', 'Author', $key]);

    my $access = sub { $t->run('sqlite3', "$_[0]/rcapi.db", "SELECT active FROM users WHERE username = 'default'")
        ->{out} };
    is($access->($data), "1\n", '--public-access lets visitors in');
    my $r = admin('--data', place(), @INIT, '--public-access');
    like($r->{err},
        qr/^Anonymous\ access\ is\ on:\ visitors\ read\ every\ public\ repository;
            \ `rcapi-admin\ anonymous\ off`\ changes\ that\.$/xm,
        'says so');
    is($access->(scalar made(@$_)), "0\n", "not otherwise: @$_") for [], ['--no-public-access'];

    my @user = qw(--user admin);
    my @email = qw(--email a@example.org);
    my @password = qw(--password secret-1);
    my $places = sub { ('--data', place(), 'init') };
    refused(2, '--user and --email are required', $places->(), @email, @password);
    refused(2, '--user and --email are required', $places->(), @user, @password);
    refused(2, 'a password is required: use --password-stdin, or run this on a terminal', $places->(), @user, @email);
    refused(2, 'a password is required: use --password-stdin, or run this on a terminal', $places->(), @user, @email,
        { stdin => "secret-1\nsecret-1\n" });
    refused(2, 'the password must have at least 6 characters', $places->(), @user, @email, qw(--password five5));
    refused(2, 'the key must not be empty', $places->(), @user, @email, @password, '--api-key=');
    refused(2, 'unexpected: more', $places->(), @user, @email, @password, 'more');
    refused(2, 'unknown option, or its value is missing: --frob', $places->(), @user, @email, @password, '--frob');
    refused(2, 'unknown option, or its value is missing: --api-key', $places->(), @user, @email, @password,
        '--api-key');
    ok(!-e "$place/data$n", 'a wrong command line makes nothing');
    refused(1, 'the username reads as an id', $places->(), qw(--user 12), @email, @password);
    ok(!-e "$place/data$n/rcapi.db", 'nor does a failure leave a database');
    ends(admin('--data', "$place/data$n", 'init', @user, @email, @password), 0, $HEX40, $NONE,
        'the second try is free');
};

subtest 'init: a failure keeps what was there' => sub {
    my ($data, $key) = made();
    # Somebody who has the database open, and is killed: what was written meanwhile is in its -wal.
    pipe my $in, my $never or die "pipe: $!";
    my $reader = fork // die "fork: $!";
    if (!$reader) {
        open STDIN, '<&', $in;
        exec $t->program('rcapi-admin'), '--data', $data, qw(call get_user userid:@-) or POSIX::_exit(1);
    }
    ok(patiently(20, sub { -e "$data/rcapi.db-wal" }), 'the database is in use');
    api($data, qw(create_user username:kept email:k@example.org));
    kill KILL => $reader;
    waitpid $reader, 0;
    ok(-s "$data/rcapi.db-wal", 'there is more than its file');
    refused(1, 'the username reads as an id', '--data', $data, qw(init --user 12 --email b@x --password secret-1
        --force-yes));
    is(api($data, qw(get_user userid:kept))->{result}{username}, 'kept', 'the former users');
    is(api($data, qw(get_user userid:admin))->{result}{api_key}, $key, 'their keys');
    ends(admin('--data', $data, 'check'), 0, '', '', 'and check is content');
    chmod 0644, "$data/secret";
    ends(admin('--data', $data, @INIT, '--force-yes'), 1, '',
        "rcapi-admin: $data/secret can be read by others; its mode must be 0600\n", 'a secret that is none');
    chmod 0600, "$data/secret";
    is(api($data, qw(get_user userid:kept))->{result}{username}, 'kept', 'still there');
};

subtest 'init: places' => sub {
    my $data = place();
    my @places = ('--db', "$data/a/state.db", '--repos', "$data/b/git", '--secret', "$data/c/key");
    ends(admin(@places, @INIT), 0, $HEX40, $NONE, 'three places, in folders that are not there');
    is(mode("$data/$_"), '0700', $_) for qw(a b b/git c);
    is(mode("$data/$_"), '0600', $_) for qw(a/state.db c/key);
    ends(admin(@places, 'call', 'create_repo', 'repo_name:x', 'repo_type:git'), 0, qr/Created new repository/, '',
        'call');
    ok(-d "$data/b/git/x", 'a repository at its place');
    ends(admin(@places, 'check'), 0, '', '', 'check');

    $data = place();
    mkdir $data;
    spew("$data/repos", 'x');
    ends(admin('--data', $data, @INIT), 1, '',
        qr{\Arcapi-admin: (?:$data/repos is not a folder|cannot create $data/repos: File exists)\n\z},
        'a file where the repositories should be');
    unlink "$data/repos";
    mkdir "$data/repos", 0500;
    refused(1, "$data/repos cannot be read and written", '--data', $data, @INIT);
    chmod 0700, "$data/repos";
};

subtest 'init: the first scan' => sub {
    my $data = place();
    mkdir $_ for $data, map { "$data/repos$_" } '', '/grp', '/grp/sub', '/not-git', '/.hidden',
        '/rm__20240131_101010_123456__gone';
    RCAPI::Git::git('.', qw(init -q --bare -b master), "$data/repos/$_")
        for qw(one grp/two grp/sub/three .hidden/four rm__20240131_101010_123456__gone/five);
    RCAPI::Git::init("$place/w");
    RCAPI::Git::history("$place/w", 7, 3);
    RCAPI::Git::git("$place/w", 'push', '-q', "$data/repos/grp/two", 'master');
    spew("$data/repos/file", 'x');
    symlink "$data/repos/one", "$data/repos/link";
    ends(admin('--data', $data, @INIT), 0, $HEX40,
        "rcapi-admin: not served: link: a symbolic link; move the folder here, or mount it\n"
        . "Initial repository scan: added following repositories:\ngrp/sub/three\ngrp/two\none\n$OFF",
        'what it finds');
    is(join(' ', map { $_->{repo_name} } @{ api($data, 'get_repos')->{result} }), 'grp/sub/three grp/two one');
    my $repo = api($data, qw(get_repo repoid:grp/two))->{result};
    is_deeply([@$repo{qw(owner repo_type private landing_rev clone_uri)}],
        ['admin', 'git', JSON::PP::false, ['rev', 'tip'], ''], 'as rescan_repos makes them') or diag explain $repo;
    like(api($data, qw(create_repo repo_name:grp repo_type:git))->{error}, qr/failed to create|already exist/,
        'grp is a group');
    ends(admin('--data', $data, 'check'), 1,
        "link is not served: a symbolic link; move the folder here, or mount it\n", '',
        'check tells of what is not served');
    unlink "$data/repos/link" or die $!;
    ends(admin('--data', $data, 'check'), 0, '', '', 'else it is content');
};

# --- questions on a terminal

# A pseudo terminal: (its master, the name of its slave), or nothing where there is none.
sub terminal {
    my ($unlock, $number) = (pack('i', 0), pack('i', 0));
    open my $master, '+<', '/dev/ptmx' or return;
    ioctl $master, 0x40045431, $unlock or return;    # TIOCSPTLCK
    ioctl $master, 0x80045430, $number or return;    # TIOCGPTN
    my $slave = '/dev/pts/' . unpack 'i', $number;
    return -r -w $slave ? ($master, $slave) : ();
}

# Runs the program on a terminal, answering [question => answer] in order; as run, with what the
# terminal showed beside it.
sub dialog {
    my ($words, @answers) = @_;
    my ($master, $slave) = terminal() or return;
    open my $out, '+>', undef;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        POSIX::setsid();
        open STDIN, '<', $slave;
        open STDERR, '>', $slave;
        open STDOUT, '>&', $out;
        alarm 60;
        exec $t->program('rcapi-admin'), @$words or POSIX::_exit(127);
    }
    my ($shown, $at) = ('', 0);
    for (1 .. 3000) {
        vec(my $ready = '', fileno $master, 1) = 1;
        if (select $ready, undef, undef, 0.02) {
            sysread $master, $shown, 4096, length $shown or last;
        } elsif (waitpid($pid, POSIX::WNOHANG()) == $pid) {
            $pid = 0;
            last;
        }
        next unless @answers && substr($shown, $at) =~ /\Q$answers[0][0]\E: \z/;
        $at = length $shown;
        syswrite $master, (shift @answers)->[1] . "\n";
    }
    my $status = 0;
    if ($pid) {
        waitpid $pid, 0;
        $status = $?;
    } else {
        $status = $?;
    }
    seek $out, 0, 0;
    return { exit => $status >> 8, signal => $status & 127, out => join('', <$out>), shown => $shown =~ tr/\r//dr,
        unasked => scalar @answers };
}

subtest 'questions' => sub {
    plan skip_all => 'no terminals here' unless terminal();
    my @name = (['Name of the administrator', 'ann'], ['E-mail address', 'ann@example.org']);
    my $asked = ['Password of the administrator', 'secret-2'];
    my $again = ['Repeat the password', 'secret-2'];

    my $data = place();
    my $r = dialog(['--data', $data, 'init'], @name, $asked, $again);
    is($r->{exit}, 0);
    like($r->{out}, $HEX40, 'standard output is for the key alone');
    is($r->{unasked}, 0, 'all is asked for');
    unlike($r->{shown}, qr/secret-2/, 'passwords are not shown');
    is(api($data, qw(get_user userid:ann))->{result}{email}, 'ann@example.org');

    $r = dialog(['--data', place(), 'init', @INIT[1 .. 4]], $asked, ['Repeat the password', 'secret-3']);
    is($r->{exit}, 2);
    like($r->{shown}, qr/^rcapi-admin: the password was not repeated$/m);
    $r = dialog(['--data', place(), 'init', @INIT[1 .. 4]], ['Password of the administrator', 'five5'],
        ['Repeat the password', 'five5']);
    is($r->{exit}, 2);
    like($r->{shown}, qr/^rcapi-admin: the password must have at least 6 characters$/m);

    my $question = 'The database exists. Destroy it? [y/n]';
    $r = dialog(['--data', $data, @INIT], [$question, 'n']);
    is($r->{exit}, 1);
    like($r->{shown}, qr{^rcapi-admin: $data/rcapi.db exists; use --force-yes to destroy it$}m);
    is(dialog(['--data', $data, @INIT], [$question, ''])->{exit}, 1, 'no answer is no');
    my $purge = ['--data', $data, qw(journal purge 0)];
    is(dialog($purge, ['Delete the whole journal? [y/n]', 'n'])->{exit}, 1, 'journal purge 0 asks');
    is(dialog($purge, ['Delete the whole journal? [y/n]', 'y'])->{exit}, 0, 'yes');
    is(dialog([@$purge, '--yes'])->{exit}, 0, '--yes answers');
    $r = dialog(['--data', $data, @INIT], [$question, 'y']);
    is($r->{exit}, 0, 'yes');
    like($r->{out}, $HEX40);
    $r = dialog(['--data', $data, @INIT, '--force-no']);
    is($r->{exit}, 1, '--force-no answers');
    unlike($r->{shown}, qr/Destroy/);

    $r = dialog(['--data', $data, qw(password admin)], ['New password', 'secret-4'],
        ['Repeat the password', 'secret-4']);
    is($r->{exit}, 0, 'password asks');
    unlike($r->{shown}, qr/secret-4/);
};

# --- what belongs to a user, seen by the server

my $bob = $t->user('bob');
my $repo = $t->repo('tiny', commits => 3);
my $diff = '/tiny/changeset-diff/tip';

sub ours { $t->try_admin(@_) }

sub ours_refused {
    my ($exit, $message, @words) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ends(ours(@words), $exit, '', "rcapi-admin: $message\n", "@words: $message");
}

# Rows of token list: [id, main or token, role, expires, key, description].
sub tokens { map { [split /\t/, $_, -1] } split /\n/, ours('token', 'list', $_[0] // 'bob')->{out} }

subtest 'token' => sub {
    ours_refused(2, 'token requires list, create, delete or reset', @$_) for ['token'], [qw(token frob bob)];
    ours_refused(2, 'missing argument: user', 'token', $_) for qw(list create delete reset);
    ours_refused(1, 'user `nobody` does not exist', 'token', $_, 'nobody') for qw(list create reset);
    ours_refused(2, 'missing argument: token', qw(token delete bob));
    ours_refused(2, 'unexpected: x', 'token', $_, 'bob', 'x') for qw(list create);
    ours_refused(2, 'unexpected: x', 'token', $_, qw(bob 1 x)) for qw(delete reset);
    ours_refused(1, 'the user has no such token', qw(token reset bob x));
    ours_refused(2, '--role must be one of all, api, feed, http, vcs', qw(token create bob --role root));
    ours_refused(2, '--lifetime must be a number of minutes, or -1', qw(token create bob --lifetime soon));
    ours_refused(2, '--lifetime must be a number of minutes, or -1', qw(token create bob --lifetime=));
    ours_refused(1, 'lifetime is not a number of minutes', 'token', 'create', 'bob', "--lifetime=$_")
        for qw(-2 0 9000000000000000);
    ours_refused(1, 'the description is not plain text', qw(token create bob --description), "a\tb");
    ours_refused(1, 'the description is not plain text', qw(token create bob --description), "a\xff");

    my @had = tokens();
    is_deeply([map { [@$_[1, 2, 3, 5]] } @had],
        [['main', 'token_role_all', 'never', ''], ['token', 'token_role_feed', 'never', 'Generated feed token']],
        'list');
    is($had[0][4], $t->key('bob'), 'with clear keys');
    my $token = $t->token('bob', '--role', 'api', '--lifetime', 5, '--description', "f\x{c3}\x{bc}r mich");
    like("$token\n", $HEX40, 'create prints only the token');
    my $row = (tokens())[-1];
    is_deeply([@$row[1, 2, 4, 5]], ['token', 'token_role_api', $token, "f\x{c3}\x{bc}r mich"]);
    like($row->[3], qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/, 'and when it ends');
    is($t->must(get_user => {}, key => $token)->{username}, 'bob', 'it works');
    $t->admin('token', 'delete', 'bob', $row->[0]);
    is($t->call(get_user => {}, key => $token)->{error}, 'Invalid API KEY', 'deleted by its id');

    $token = $t->token('bob');
    is((tokens())[-1][2], 'token_role_all', 'the role is all');
    is((tokens())[-1][3], 'never', 'for ever');
    is($t->must(get_user => {}, key => $token)->{username}, 'bob');
    ends(ours('token', 'delete', 'bob', $token), 0, '', '', 'deleted by its text');
    is($t->call(get_user => {}, key => $token)->{error}, 'Invalid API KEY');
    ours_refused(1, 'the user has no such token', 'token', 'delete', 'bob', $token);
    ours_refused(1, 'the user has no such token', 'token', 'delete', 'bob', (tokens('admin'))[1][0]);
    ours_refused(1, 'the main key cannot be deleted, only reset', 'token', 'delete', 'bob', $_)
        for @{ $had[0] }[0, 4];

    my $short = $t->token('bob', '--lifetime', 1, '--description', 'short');
    $t->sql("UPDATE api_key SET expires = 1 WHERE description = 'short'");
    is($t->call(get_user => {}, key => $short)->{error}, 'Invalid API KEY', 'an expired token');
    is($t->get($diff, key => $short)->status, 401, 'neither does it open a view');
    ends(ours('token', 'delete', 'bob', $short), 0, '', '', 'it is still listed, and can be deleted');

    my $key = $t->key('bob');
    my $new = ours(qw(token reset bob));
    ends($new, 0, $HEX40, '', 'reset prints the new main key');
    chomp($new = $new->{out});
    is($t->call(get_user => {}, key => $key)->{error}, 'Invalid API KEY', 'the old one is gone');
    is($t->must(get_user => {}, key => $new)->{username}, 'bob', 'the new one works');
    $t->key(bob => $new);
};

subtest 'roles' => sub {
    my %works = (all => [1, 200], api => [1, 200], http => [0, 200], feed => [0, 401], vcs => [0, 401]);
    for my $role (sort keys %works) {
        my $token = $t->token('bob', '--role', $role);
        my $error = $t->call(test => { args => 'x' }, key => $token)->{error};
        is($error, $works{$role}[0] ? undef : 'API KEY has bad role for an API call', "$role calls the API");
        is($t->get($diff, key => $token)->status, $works{$role}[1], "$role opens a view");
    }
};

sub from_here { $t->call(test => { args => 'x' }, as => 'bob')->{error} // '' }

subtest 'ip' => sub {
    my $no = 'Request from IP:127.0.0.1 not allowed';
    ours_refused(2, 'ip requires list, add or remove', @$_) for ['ip'], [qw(ip frob bob)];
    ours_refused(2, 'missing argument: user', 'ip', $_) for qw(list add remove);
    ours_refused(1, 'user `nobody` does not exist', 'ip', 'list', 'nobody');
    ours_refused(2, 'missing argument: addresses', 'ip', $_, 'bob') for qw(add remove);
    ours_refused(2, 'unexpected: x', @$_) for [qw(ip list bob x)], [qw(ip add bob ::1 x)];
    ours_refused(1, "`$_` is no address or network", 'ip', 'add', 'bob', "10.9.9.9,$_")
        for 'x', '1.2.3', '1.2.3.4/33', '1.2.3.4/', '1.2.3.256', '::g', '10.0.0.1/x';
    ours_refused(1, '`10.0.0.3-10.0.0.1` ends before it begins', qw(ip add bob), '10.0.0.3-10.0.0.1');
    ours_refused(1, '`10.0.0.1-::1` is no range of addresses', qw(ip add bob), '10.0.0.1-::1');
    ours_refused(1, '`10.0.0.1-` is no range of addresses', qw(ip add bob 10.0.0.1-));
    ours_refused(1, '`10.0.0.0-10.0.1.0` is more than 256 addresses; write a network instead', qw(ip add bob),
        '10.0.0.0-10.0.1.0');
    ours_refused(1, 'no address given', qw(ip add bob), ' , ,');
    is($t->admin(qw(ip list bob)), '', 'of what is refused nothing is added');
    is(from_here(), '', 'nobody is bound');

    ends(ours(qw(ip add bob), '10.1.0.0/16, 10.0.0.254-10.0.1.1 ,2001:db8::1'), 0, '', '', 'add a list with a range');
    my @all = qw(10.1.0.0/16 10.0.0.254 10.0.0.255 10.0.1.0 10.0.1.1 2001:db8::1);
    is($t->admin(qw(ip list bob)), join('', map { "$_\n" } @all), 'list');
    ends(ours(qw(ip add bob 10.0.1.0)), 0, '', '', 'add again');
    is($t->admin(qw(ip list bob)), join('', map { "$_\n" } @all), 'once is enough');
    is(from_here(), $no, 'he may not come from here');
    is($t->call(test => { args => 'x' })->{error}, undef, 'others may');
    is($t->get($diff, as => 'bob')->status, 403, 'nor see views');
    $t->admin(qw(ip add bob 127.0.0.0/8));
    is(from_here(), '', 'now he may');
    ours_refused(1, 'the user has no entry `10.7.7.7`', qw(ip remove bob), '10.0.1.0,10.7.7.7');
    $t->admin(qw(ip remove bob), '127.0.0.0/8,10.0.0.254-10.0.1.1');
    is($t->admin(qw(ip list bob)), "10.1.0.0/16\n2001:db8::1\n", 'remove, a range as well; all or nothing');
    is(from_here(), $no);
    $t->admin(qw(ip remove bob), '10.1.0.0/16,2001:db8::1');
    is(from_here(), '', 'nothing binds him');

    $t->admin(qw(ip add default 10.0.0.1));
    is($t->admin(qw(ip list default)), "10.0.0.1\n");
    ours_refused(1, 'editing default user is forbidden', @$_)
        for [qw(token create default)], [qw(token reset default)], [qw(password default --password secret-7)];
    is(from_here(), $no, 'default binds everybody');
    is($t->call(test => { args => 'x' })->{error}, $no);
    $t->admin(qw(ip add bob 127.0.0.1));
    is(from_here(), '', 'a user may have more');
    $t->admin(qw(ip remove default 10.0.0.1));
    $t->admin(qw(ip remove bob 127.0.0.1));
    is(from_here(), '');
};

subtest 'anonymous' => sub {
    ours_refused(2, 'anonymous accepts only on or off', 'anonymous', @$_) for ['maybe'], ['ON'];
    ends(ours('anonymous'), 0, "off\n", '', 'alone: how it is');
    ours_refused(2, 'unexpected: x', qw(anonymous on x));
    is($t->get($diff)->status, 401, 'off, as made');
    ends(ours(qw(anonymous on)), 0, '', '', 'on') for 1, 2;
    ends(ours('anonymous'), 0, "on\n", '', 'alone: how it is');
    is($t->get($diff)->status, 200, 'visitors are served');
    ends(ours(qw(anonymous off)), 0, '', '', 'off');
    is($t->get($diff)->status, 401, 'visitors are asked who they are');
    is($t->get($diff, as => 'bob')->status, 200, 'users are served');
    my $off = made('--no-public-access');
    ends(admin('--data', $off, 'check'), 0, '', '', '--no-public-access');
};

subtest 'password' => sub {
    ours_refused(2, 'a password is required: use --password-stdin, or run this on a terminal', qw(password bob));
    ours_refused(2, 'missing argument: user', 'password');
    ours_refused(1, 'user `nobody` does not exist', qw(password nobody));
    ours_refused(2, 'missing argument: user', qw(password --password secret-5));
    ours_refused(2, 'missing argument: user', qw(password --none));
    ours_refused(1, 'user `nobody` does not exist', qw(password nobody --none));
    ours_refused(2, 'the password must have at least 6 characters', qw(password bob --password five5));
    ours_refused(2, 'unexpected: x', qw(password bob x --none));
    ours_refused(2, 'unknown option, or its value is missing: --password',
        qw(password bob --none --password secret-5));
    ends(ours(qw(password bob --password secret-5)), 0, '', '', 'set');
    ends(ours(qw(password bob --none)), 0, '', '', 'taken away');
};

subtest 'call' => sub {
    ours_refused(2, 'missing argument: method', 'call');
    my $r = ours(qw(call get_user userid:bob));
    ends($r, 0, qr/\A\{"id":1,"result":\{"user_id":.*\},"error":null\}\n\z/, '', 'as the first super-admin');
    is(JSON::PP::decode_json($r->{out})->{result}{api_key}, $t->key('bob'), 'with what he may see');
    ends(ours(qw(call nonsense)), 1, qq({"id":1,"result":null,"error":"No such method: nonsense"}\n), '',
        'no such method');
    ends(ours(qw(call get_repo)), 1,
        qq({"id":1,"result":null,"error":"Missing non optional `repoid` arg in JSON DATA"}\n),
        '', 'a missing argument');
    ends(ours(qw(call get_repo repoid:none)), 1, qr/"error":"repository `none` does not exist"\}\n\z/, '', 'an error');
    ends(ours(qw(call get_repo tiny)), 2, '',
        "Error parsing arguments \nArguments of a method are written as NAME:VALUE\n", 'an argument without a colon');
    ends(ours('call', 'get_repo', 'repoid:=[1,'), 2, '', qr/\AArgument repoid is not JSON: /, 'broken JSON');
    ends(ours('call', 'get_repo', "repoid:a\xff"), 2, '', "An argument is not UTF-8\n", 'not UTF-8');
    ends(ours('call', 'get_repo', 'repoid:="tiny"'), 0, qr/"repo_name":"tiny"/, '', 'key:=JSON');
    ends(ours('call', 'create_user', 'username:carl', 'email:c@example.org', 'admin:=true', 'active:=false'), 0,
        qr/"created new user `carl`"/, '', 'true and false');
    is_deeply([@{ $t->must(get_user => { userid => 'carl' }) }{qw(admin active)}], [JSON::PP::true, JSON::PP::false]);
    spew($t->dir . '/name', 'tiny');
    ends(ours('call', 'get_repo', 'repoid:@' . $t->dir . '/name'), 0, qr/"repo_name":"tiny"/, '', 'key:@FILE');
    ends(ours('call', 'get_repo', 'repoid:@/no/such'), 2, '',
        "Argument repoid: cannot open /no/such: No such file or directory\n",
        'no such file');
    ends(ours(qw(call get_repo repoid:none repoid:tiny)), 0, qr/"repo_name":"tiny"/, '', 'the last of a key wins');
    ends(ours(qw(call create_repo repo_name:by-call repo_type:git)), 0, qr/Created new repository `by-call`/, '',
        'it writes');
    is($t->must(get_repo => { repoid => 'by-call' })->{repo_name}, 'by-call', 'and the server sees it');
    $t->must(update_user => { userid => 'bob', active => JSON::PP::false });
    is(from_here(), 'Request from this user not allowed');
    ends(ours('call', 'update_user', 'userid:bob', 'active:=true'), 0, qr/updated user/, '',
        'local calls need no key');
    is(from_here(), '');
};

subtest 'check' => sub {
    ours_refused(2, 'unexpected: x', qw(check x));
    ours_refused(2, 'unknown option, or its value is missing: --frob', qw(check --frob));
    ends(ours('check', @$_), 0, '', '', "nothing wrong: check @$_") for [], ['--repair'];

    my ($data) = made();
    api($data, 'create_repo', "repo_name:$_", 'repo_type:git') for qw(one grp/two);
    my $check = sub { admin('--data', $data, 'check', @_) };
    ends($check->(), 0, '', '', 'nothing wrong');
    my $repos = "$data/repos";

    my $sql = sub { is($t->run({}, 'sqlite3', "$data/rcapi.db", "PRAGMA foreign_keys = ON; $_[0]")->{exit}, 0,
        $_[0]) };
    $sql->("DELETE FROM user_global_permission WHERE name LIKE 'hg.%'");
    ends($check->(), 1, qr{\A(?:the default user has no permission row like hg\.\S+: --repair adds it\n)+\z}, '',
        'rows are missing');
    ends($check->('--repair'), 0, '', '', 'which --repair brings back');
    $sql->("UPDATE repo SET owner_id = (SELECT user_id FROM users WHERE username = 'admin');"
        . "DELETE FROM users WHERE username = 'default'");
    ends($check->(), 1, qr{^there is no default user: --repair makes it$}m, '', 'all of him is missing');
    ends($check->('--repair'), 0, '', '', 'which --repair brings back');
    is(api($data, 'get_user', 'userid:default')->{result}{active}, JSON::PP::false, 'inactive: nobody was asked');

    rename "$repos/one", "$repos/.away";
    ends($check->(), 1, qr{\Arepository one is in the database but not on the disk: [^\n]*\n\z}, '',
        'a missing folder');
    ends($check->('--repair'), 1, qr{^repository one is in the database}, '', 'which --repair can not bring back');
    mkdir "$repos/one";
    ends($check->(), 1, qr{\Arepository one is in the database but not on the disk}, '', 'an empty folder');
    rmdir "$repos/one";
    rename "$repos/.away", "$repos/one";
    rename "$repos/one/objects", "$repos/one/gone";
    ends($check->(), 1, "repository one: a git repository without its folder objects: restore it from a backup\n", '',
        'half a repository');
    rename "$repos/one/gone", "$repos/one/objects";

    RCAPI::Git::git('.', qw(init -q --bare -b master), "$repos/grp/three");
    ends($check->(), 1, "repository grp/three is on the disk but not in the database: rescan_repos adds it\n", '',
        'an unknown folder');
    rename "$repos/grp/three", "$repos/grp/.three";
    ends($check->(), 0, '', '', 'hidden folders are nobody\'s');

    spew("$repos/.rc_tmp/0123456789abcdef.op", "$repos/before\0$repos/one\0");
    mkdir "$repos/.rc_tmp/leftover";
    spew("$repos/.rc_tmp/leftover/f", 'x');
    my %lines = map { $_ => 1 } split /\n/, $check->()->{out};
    is_deeply(\%lines, { map { ("a crash left $repos/.rc_tmp/$_: --repair finishes or removes it" => 1) }
        '0123456789abcdef.op', 'leftover' },
        'an interrupted change, a folder');
    ok(-e "$repos/.rc_tmp/0123456789abcdef.op" && -d "$repos/one", 'check alone changes nothing');
    my $r = $check->('--repair');
    like($r->{err}, qr/interrupted: undoing it/, '--repair undoes what was not committed');
    is(join(' ', grep { !/\.done\z/ } glob "$repos/.rc_tmp/*"), '', 'and removes what is left');
    ok(-d "$repos/before" && !-e "$repos/one", 'what had been renamed has its name back');
    rename "$repos/before", "$repos/one";
    ends($check->(), 0, '', '', 'all is well again');
};

subtest 'check: secret and database' => sub {
    my ($data) = made();
    my $check = sub { admin('--data', $data, 'check', @_) };
    api($data, qw(create_repo repo_name:r repo_type:git));
    rename "$data/secret", "$data/.secret";
    ends($check->(), 1, '', "rcapi-admin: cannot open the secret $data/secret: No such file or directory\n",
        'no secret');
    spew("$data/secret", ('0123456789abcdef' x 4) . "\n");
    chmod 0644, "$data/secret";
    ends($check->(), 1, '', "rcapi-admin: $data/secret can be read by others; its mode must be 0600\n",
        'one that others may read');
    chmod 0600, "$data/secret";
    ends($check->(), 1, "4 of 4 keys cannot be decrypted with the secret file: was it replaced?\n", '',
        'another secret');
    rename "$data/.secret", "$data/secret";
    ends($check->(), 0, '', '', 'the right one');

    my $good = slurp("$data/rcapi.db");
    ok(!-s "$data/rcapi.db-wal", 'all is in one file');
    spew("$data/rcapi.db", "no database\n" x 100);
    ends($check->(), 1, '', qr/file is not a database/, 'a file that is none');
    ends(admin('--data', $data, qw(token list admin)), 1, '', qr/file is not a database/,
        'other commands say so, too');
    my $broken = $good;
    my $pages = length($good) / 4096;
    substr($broken, 4096 * $_ + 8, 4, "\xff\xff\xff\xff") for grep { $_ % 3 == 0 } 3 .. $pages - 1;
    spew("$data/rcapi.db", $broken);
    my $r = $check->();
    is($r->{exit}, 1, 'broken pages');
    like($r->{out} . $r->{err}, qr/integrity|malformed/);
    spew("$data/rcapi.db", substr $good, 0, length($good) / 2);
    is($check->()->{exit}, 1, 'half a file');
    spew("$data/rcapi.db", $good);
    unlink glob "$data/rcapi.db-*";
    ends($check->(), 0, '', '', 'as it was');
};

$t->done;
done_testing;
