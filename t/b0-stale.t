# SPDX-License-Identifier: Apache-2.0
# No answer rests on a state that is older than the last acknowledged change before the request was
# sent: rights, keys, users, groups, addresses, names, descriptions, passwords and the secret change by
# the API, by rcapi-admin and by sqlite3, users come and go, while children of httpd are killed, some of
# them between a commit and its record, and readers compare each answer with what it may be. Planted
# faults are found.
# With STORE=postgresql two servers work on the database, and connections of theirs are ended; no fault is planted,
# as with RCAPI_REMEMBER=Off: there is nothing to be too old.
# RCAPI_ROUNDS=all: a million requests; RCAPI_REQUESTS=N: N.
use strict;
use warnings;
use lib 't/lib';
use Digest::SHA qw(sha256_hex);
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use RCAPI::Run qw(patiently rounds spew);
use RCAPI::Test;

my $REQUESTS = $ENV{RCAPI_REQUESTS} // rounds(1000, 1_000_000);
my $READERS = 4;
my $WRITERS = 2;
my $LIMIT = 3600; # seconds, whatever happens
my $BETWEEN = $REQUESTS > 100_000 ? 2 : 0.2; # seconds between kills, about: most answers wait for a new child
my $LEAVER = 9000; # an id
my $seed = $ENV{SEED} // 1;
note("SEED=$seed");
my $JSON = JSON::PP->new->canonical;

my $t = RCAPI::Test->new(children => 2, threads => 8, module => 't/mod_rcapi_faulty.so', limit => 2 * $LIMIT,
    start => 0, init => ['--api-key', my $KEY = 'k' x 40]);
my $faults = $t->dir . '/scratch/faults';
my $stop = $t->dir . '/scratch/stop'; # for the writers
mkdir $faults or die "$faults: $!";
$t->{server}{env}{RCAPI_FAULTS} = $faults;
$t->start;
my $pg = $t->{pg};
my @nodes = ($t, $pg ? RCAPI::Test->new(beside => $t, children => 2, threads => 8) : ());

sub blob { $pg ? "decode('$_[0]', 'hex')" : "x'$_[0]'" }

sub grant {
    my ($repo, $user, $level) = @_;
    $t->must(grant_user_permission => { repoid => $repo, userid => $user, perm => "repository.$level" });
}

sub key_of { substr "$_[0]-$_[1]-" . 'x' x 40, 0, 40 }

# --- what changes: a cell has versions; each sets it to a value that the version tells

$t->user($_) for qw(reader rights1 rights2 active limited keyed member visitor heir clubber owner);
$t->must(update_user => { userid => 'keyed', password => 'pw-0' });
my @REPOS = qw(one two three unnamed);
for my $repo (@REPOS) {
    $t->must(create_repo => { repo_name => $repo, repo_type => 'git', description => 'version 0' });
    grant($repo, default => 'none');
    grant($repo, reader => 'read');
}
$t->must(create_repo => { repo_name => $_, repo_type => 'git', owner => 'owner' }) for qw(shown secret all club owned);
grant($_, default => 'none') for qw(club owned);
grant($_, default => 'read') for qw(shown secret all);
$t->must(create_user_group => { group_name => $_ }) for qw(group clubbers);
$t->must(add_user_to_user_group => { usergroupid => 'clubbers', userid => 'clubber' });
$t->must(grant_user_group_permission => { repoid => 'club', usergroupid => 'clubbers', perm => 'repository.read' });
$t->must(grant_user_group_permission => { repoid => 'three', usergroupid => 'group', perm => 'repository.read' });
my %repo = map { $_ => $t->must(get_repo => { repoid => $_ })->{repo_id} } @REPOS, 'secret';
my %user = map { $_ => $t->must(get_user => { userid => $_ })->{user_id} }
    qw(rights1 rights2 active limited keyed member heir);
$t->sql("INSERT INTO user_global_permission (user_id, name) VALUES ($user{heir}, 'hg.inherit_default_perms.false')");
$t->sql("UPDATE api_key SET digest = ${\ blob(sha256_hex(key_of(keyed => 0)))}"
    . " WHERE main = 1 AND user_id = $user{keyed}");
$t->secret((map { key_of(keyed => $_) } 0 .. 9), key_of(leaver => 0));

sub call { my ($method, %args) = @_; [$method, \%args] }

# A right of a user on a repository: odd versions grant, even ones revoke.
sub right {
    my ($user, $repo) = @_;
    return {
        api => sub { $_[0] % 2
            ? call('grant_user_permission', repoid => $repo, userid => $user, perm => 'repository.read')
            : call('revoke_user_permission', repoid => $repo, userid => $user) },
        sql => sub { $_[0] % 2 ? "INSERT INTO user_repo_permission (repo_id, user_id, level)
                VALUES ($repo{$repo}, $user{$user}, 1) ON CONFLICT (repo_id, user_id) DO UPDATE SET level = 1"
            : "DELETE FROM user_repo_permission WHERE repo_id = $repo{$repo} AND user_id = $user{$user}" },
        ask => { call => call('get_repo', repoid => $repo), as => $user },
        fits => sub {
            my ($v, $a) = @_;
            return ($a->{error} // '') =~ /does not exist/ if $v % 2 == 0;
            return grep { $_->{name} eq $user } @{ ($a->{result} || {})->{members} // [] };
        },
    };
}

# What may be seen, in even versions only.
sub hides {
    my ($user, $repo, %ways) = @_;
    return { %ways, ask => { call => call('get_repo', repoid => $repo), as => $user },
        fits => sub { $_[0] % 2 ? ($_[1]{error} // '') =~ /does not exist/ : !defined $_[1]{error} } };
}

my @cells = (
    hides(visitor => 'shown', api => sub { call('grant_user_permission', repoid => 'shown', userid => 'default',
        perm => 'repository.' . ($_[0] % 2 ? 'none' : 'read')) }),
    hides(visitor => 'secret',
        sql => sub { "UPDATE repo SET private = ${\ ($_[0] % 2)} WHERE repo_id = $repo{secret}" }),
    hides(heir => 'all', sql => sub { "UPDATE users SET inherit_default_permissions = ${\ (1 - $_[0] % 2)}"
        . " WHERE user_id = $user{heir}" }),
    hides(clubber => 'club', admin => sub { [qw(group set clubbers), 'active=' . ($_[0] % 2 ? 'off' : 'on')] },
        sql => sub { "UPDATE user_group SET active = ${\ (1 - $_[0] % 2)} WHERE group_name = 'clubbers'" }),
    hides(owner => 'owned',
        api => sub { call('update_repo', repoid => 'owned', owner => $_[0] % 2 ? 'admin' : 'owner') }),
    right('rights1', 'one'), right('rights1', 'two'), right('rights2', 'one'), right('rights2', 'two'),
    (map { my $repo = $_; {
        api => sub { call('update_repo', repoid => $repo, description => "version $_[0]") },
        admin => sub { ['repo', 'set', $repo, "description=version $_[0]"] },
        sql => sub { "UPDATE repo SET description = 'version $_[0]' WHERE repo_id = $repo{$repo}" },
        ask => { call => call('get_repo', repoid => $repo), as => 'reader' },
        fits => sub { ($_[1]{result}{description} // '') eq "version $_[0]" },
    } } qw(one two three)),
    {   # inactive or not
        api => sub { call('update_user', userid => 'active', active => $_[0] % 2 ? 'False' : 'True') },
        admin => sub { ['user', 'set', 'active', 'active=' . ($_[0] % 2 ? 'off' : 'on')] },
        sql => sub { 'UPDATE users SET active = ' . ($_[0] % 2 ? 0 : 1) . " WHERE user_id = $user{active}" },
        ask => { call => call('test', args => 1), as => 'active' },
        fits => sub { $_[0] % 2 ? ($_[1]{error} // '') =~ /user not allowed/ : !defined $_[1]{error} },
    },
    {   # limited to another address or not
        admin => sub { ['ip', $_[0] % 2 ? 'add' : 'remove', 'limited', '10.1.1.1'] },
        sql => sub { $_[0] % 2
            ? "INSERT INTO user_ip (user_id, ip_addr) VALUES ($user{limited}, '10.1.1.1') ON CONFLICT DO NOTHING"
            : "DELETE FROM user_ip WHERE user_id = $user{limited}" },
        ask => { call => call('test', args => 2), as => 'limited' },
        fits => sub { $_[0] % 2 ? ($_[1]{error} // '') =~ /IP.* not allowed/ : !defined $_[1]{error} },
    },
    {   # which key is valid: the answer tells only whether that of version 0 or 1 is
        sql => sub { "UPDATE api_key SET digest = ${\ blob(sha256_hex(key_of(keyed => $_[0] % 2)))}"
            . " WHERE main = 1 AND user_id = $user{keyed}" },
        ask => { call => call('test', args => 3), key => key_of(keyed => 1) },
        fits => sub { $_[0] % 2 ? !defined $_[1]{error} : ($_[1]{error} // '') eq 'Invalid API KEY' },
    },
    {   # a member of a group that may read or not
        api => sub { call($_[0] % 2 ? 'add_user_to_user_group' : 'remove_user_from_user_group',
            usergroupid => 'group', userid => 'member') },
        admin => sub { ['group', $_[0] % 2 ? 'add' : 'remove', 'group', 'member'] },
        ask => { call => call('get_repo', repoid => 'three'), as => 'member' },
        fits => sub { $_[0] % 2 ? !defined $_[1]{error} : ($_[1]{error} // '') =~ /does not exist/ },
    },
    {   # there or not
        api => sub { $_[0] % 2 ? call('create_repo', repo_name => 'gone', repo_type => 'git')
            : call('delete_repo', repoid => 'gone') },
        again => qr/does not exist|already exist/,
        ask => { call => call('get_repo', repoid => 'gone'), key => $KEY },
        fits => sub { $_[0] % 2 ? !defined $_[1]{error} : ($_[1]{error} // '') =~ /does not exist/ },
    },
    {   # its name
        api => sub { call('update_repo', repoid => $repo{unnamed}, repo_name => $_[0] % 2 ? 'named' : 'unnamed') },
        ask => { call => call('get_repo', repoid => 'named'), as => 'reader' },
        fits => sub { $_[0] % 2 ? !defined $_[1]{error} : ($_[1]{error} // '') =~ /does not exist/ },
    },
    {   # a password, checked by httpd's git URLs
        api => sub { call('update_user', userid => 'keyed', password => 'pw-' . $_[0] % 2) },
        admin => sub { ['password', 'keyed', '--password', 'pw-' . $_[0] % 2] },
        ask => { url => '/three/info/refs?service=git-upload-pack', basic => 'keyed:pw-1' },
        fits => sub { $_[0] % 2 ? $_[1]{status} == 404 : $_[1]{status} == 401 },
    },
    {   # a user who comes with a key, and is deleted
        api => sub { $_[0] % 2 ? undef : call('delete_user', userid => 'leaver') },
        admin => sub { $_[0] % 2 ? undef : [qw(user delete leaver)] },
        sql => sub { $_[0] % 2 ? 'BEGIN; INSERT INTO users (user_id, username, created_on)'
            . " VALUES ($LEAVER, 'leaver', 0) ON CONFLICT DO NOTHING;"
            . ' INSERT INTO api_key (user_id, digest, main, role, created_on)'
            . " VALUES ($LEAVER, x'" . sha256_hex(key_of(leaver => 0)) . "', 1, 'token_role_all', 0)"
            . ' ON CONFLICT DO NOTHING; COMMIT' : "DELETE FROM users WHERE user_id = $LEAVER" },
        again => qr/does not exist/,
        ask => { call => call('test', args => 5), key => key_of(leaver => 0) },
        fits => sub { $_[0] % 2 ? !defined $_[1]{error} : ($_[1]{error} // '') eq 'Invalid API KEY' },
    },
    {   # the secret by which keys are encrypted: all can still be read
        admin => sub { [qw(secret rotate)] },
        ask => { call => call('get_user', userid => 'admin'), key => $KEY },
        fits => sub { scalar grep { $_ eq $KEY } @{ $_[1]{result}{api_keys} // [] } },
    },
);

# --- the registers: for each cell, the version that was begun and the one that was acknowledged

my $registers = $t->dir . '/scratch/registers';
spew($registers, pack('L*', (0) x (2 * @cells + 2)));

sub register {
    my ($at, $value) = @_;
    open my $file, $value ? '+<' : '<', $registers or die "$registers: $!";
    sysseek $file, 4 * $at, 0;
    return syswrite $file, pack('L', $value) if $value;
    sysread $file, my $bytes, 4;
    return unpack 'L', $bytes;
}

sub begun { register(2 * $_[0], @_[1 .. $#_]) }
sub acknowledged { register(2 * $_[0] + 1, @_[1 .. $#_]) }

# --- requests on a connection that is kept

sub request_of {
    my ($ask) = @_;
    my ($head, $body) = ('GET ' . ($ask->{url} // ''), '');
    if ($ask->{call}) {
        my ($method, $args) = @{ $ask->{call} };
        ($head, $body) = ('POST /_admin/api', $JSON->encode({ id => 1, method => $method, args => $args,
            api_key => $ask->{key} // $t->key($ask->{as}) }));
    }
    my $basic = $ask->{basic} ? do { require MIME::Base64;
        'Authorization: Basic ' . MIME::Base64::encode_base64($ask->{basic}, '') . "\r\n" } : '';
    return "$head HTTP/1.1\r\nHost: x\r\n${basic}Content-Length: " . length($body) . "\r\n\r\n$body";
}

# The decoded answer, or nothing when the connection broke.
sub exchange {
    my ($socket, $text) = @_;
    my $port = $nodes[rand @nodes]->port;
    $$socket ||= IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 5) or return;
    local $SIG{PIPE} = 'IGNORE';
    my $bytes = '';
    if (defined syswrite($$socket, $text)) {
        while (sysread $$socket, $bytes, 65536, length $bytes) {
            next if $bytes !~ /\AHTTP\/1.1 (\d+)[^\n]*\n(.*?)\r\n\r\n/s;
            my ($status, $start, $head) = ($1, $+[0], $2);
            my ($len) = $head =~ /^Content-Length: (\d+)/mi;
            next if length $bytes < $start + ($len // 0);
            undef $$socket if !defined $len || $head =~ /^Connection: close/mi;
            my $json = $head =~ m{application/json} && $JSON->decode(substr $bytes, $start, $len);
            return { %{ $json || {} }, status => $status };
        }
    }
    undef $$socket;
    return;
}

# --- readers and writers

# Reads until enough was read; a line for each answer that is too old, or of no version.
sub read_cells {
    my ($n, $enough, $until, $first_only) = @_;
    srand $seed * 100 + $n;
    open my $found, '>>', $t->dir . "/scratch/stale$n" or die $!;
    my ($socket, $done, @texts) = (undef, 0, map { request_of($_->{ask}) } @cells);
    while ($done < $enough && time < $until) {
        my $i = int rand @cells;
        my $first = acknowledged($i);
        my $answer = exchange(\$socket, $texts[$i]) or next;
        my $last = begun($i);
        $done++;
        next if $answer->{status} == 503 || grep { $cells[$i]{fits}->($_, $answer) } $first .. $last;
        $enough = 0 if $first_only;
        print $found "cell $i, versions $first to $last: " . substr($JSON->encode($answer), 0, 120) . "\n";
    }
    print $found "done $done\n";
}

# Makes one change; true when it was acknowledged.
sub change {
    my ($cell, $version) = @_;
    my @ways = grep { $cell->{$_} } $t->{only} ? $t->{only} : qw(api api api admin sql);
    my $way = $ways[rand @ways] // (grep { $cell->{$_} } qw(api admin sql))[0];
    my $what = $cell->{$way}->($version) // $cell->{$way = 'sql'}->($version);
    return eval { $t->sql($what); 1 } if $way eq 'sql';
    if ($way eq 'admin') {
        my $r = $t->try_admin(@$what);
        return !$r->{exit} && !$r->{signal};
    }
    my $answer = exchange(\(my $socket), request_of({ call => $what, key => $KEY })) or return;
    return 1 if !defined $answer->{error} || $cell->{again} && $answer->{error} =~ $cell->{again};
    my $again = qr{busy|Too many passwords|Internal server error|failed to|ended during};
    die "$what->[0]: $answer->{error}\n" if $answer->{error} !~ $again;
    return; # busy, or prepared with what a planted fault has made too old
}

# Changes those cells that are this writer's, until it is stopped, but not in the middle of a change: that
# could come after the first one of the next writer. A change that was not acknowledged is tried again.
sub write_cells {
    my ($n) = @_;
    srand $seed * 1000 + $n;
    my @own = grep { $_ % $WRITERS == $n } 0 .. $#cells;
    until (-e $stop) {
        my $i = $own[rand @own];
        my $version = begun($i) + 1;
        begun($i, $version);
        my $done;
        sleep 0.01 until ($done = change($cells[$i], $version)) || -e $stop;
        acknowledged($i, $version) if $done;
    }
}

sub start_process {
    my ($work) = @_;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    $SIG{TERM} = 'DEFAULT';
    eval { $work->(); 1 } or print STDERR "# $@";
    POSIX::_exit($@ ? 1 : 0);
}

# Kills a child of httpd, or ends some connections.
sub kill_something {
    return $nodes[rand @nodes]->kill_child if !$pg || rand() < 0.5;
    $t->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'mod_rcapi' AND random() < 0.3");
}

# A run: how many answers were wrong, how many there were.
sub run_with {
    my ($requests, %opt) = @_;
    unlink glob($t->dir . '/scratch/stale*'), glob("$faults/*");
    spew("$faults/$_", '') for @{ $opt{faults} // [] };
    local $t->{only} = $opt{only};
    my $until = time + ($opt{seconds} // $LIMIT);
    my @writers = map { my $n = $_; start_process(sub { write_cells($n) }) } 0 .. $WRITERS - 1;
    my %readers = map {
        my $n = $_;
        (start_process(sub { read_cells($n, $requests / $READERS, $until, $opt{first}) }) => 1);
    } 1 .. $READERS;
    my $kills = 0;
    while (%readers) {
        $kills++ if $opt{kills} && rand() < 0.05 / $BETWEEN && eval { kill_something(); 1 };
        sleep 0.05;
        delete @readers{ grep { waitpid($_, POSIX::WNOHANG()) } keys %readers };
    }
    spew($stop, '');
    my $failed = grep { waitpid $_, 0; $? } @writers;
    unlink $stop;
    my @lines = map { split /^/, RCAPI::Run::slurp($_) } glob $t->dir . '/scratch/stale*';
    my $done = 0;
    $done += /^done (\d+)/ ? $1 : 0 for @lines;
    my @wrong = grep { !/^done/ } @lines;
    diag(map { $_->news } @nodes) if @wrong && !@{ $opt{faults} // [] };
    my $changes = 0;
    $changes += acknowledged($_) for 0 .. $#cells;
    unlink glob "$faults/*";
    note("$done answers, $changes changes until now, $kills kills, " . @wrong . ' wrong');
    return { wrong => \@wrong, done => $done, failed => $failed };
}

my $run = run_with($REQUESTS * 0.5);
is join('', @{ $run->{wrong} }), '', "no answer of $run->{done} is too old";
is $run->{failed}, 0, 'and all changes are made';
$run = run_with($REQUESTS * 0.4, kills => 1, faults => ['kill']);
is join('', @{ $run->{wrong} }), '',
    "nor of $run->{done} while processes are killed, also between a commit and its record";
is $run->{failed}, 0, 'and all changes are made';

# A planted fault leaves values that are too old: the next run begins with processes that remember nothing.
my @planted = $pg || !RCAPI::Test::remembers() ? ()
    : ([header => [qw(header)]], [extent => [qw(extent)], 'api'], [gap => [qw(gap)], 'sql']);
for my $fault (@planted) {
    my ($name, $planted, $only) = @$fault;
    $t->reload;
    $run = run_with(20_000, faults => $planted, only => $only, first => 1);
    cmp_ok scalar @{ $run->{wrong} }, '>', 0, "the fault $name is found";
}
$t->reload;
$run = run_with($REQUESTS * 0.1, faults => ['silent']);
is join('', @{ $run->{wrong} }), '', 'a commit without a record makes no answer too old';

# A key is remembered, but the clock decides at each use whether it has expired.
my $expires = int(time) + 1;
$t->sql("UPDATE api_key SET expires = $expires WHERE main = 1 AND user_id = $user{member}");
my ($asked, $late, $error) = (0, 0);
for (my $sent = time; !defined $error; $sent = time, $asked++, sleep 0.05) {
    $error = $t->call(test => { args => 4 }, as => 'member')->{error};
    $late++ if !defined $error && $sent >= $expires + 1;
}
is $error, 'Invalid API KEY', 'a key expires';
is $late, 0, "and none of $asked requests was answered after that";
$_->done for reverse @nodes;
done_testing;
