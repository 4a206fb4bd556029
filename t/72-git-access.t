#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Who may do what on git's URLs: each combination of identity, right, lock and operation, held against
# a model that is written down here a second time, by a client that shows every byte.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;

use RCAPI::GitClient;
use RCAPI::HTTP;
use RCAPI::Run qw(slurp);
use RCAPI::Test;

my $LINE = "AuthType Basic\nAuthName \"Our code\"\nAuthBasicProvider rcapi\nRequire rcapi";
my $t = RCAPI::Test->new(
    mounts => ['/', '/login'], children => 1, threads => 10,
    directives => <<"END",
AllowEncodedSlashes NoDecode
RcapiSiteTitle "Say \\"who\\""
<Location "/login">
    $LINE
</Location>
END
);
my ($TRUE, $FALSE) = (JSON::PP::true(), JSON::PP::false());
my $NONE = '0' x 40;
my %REALM = ('' => 'Basic realm="Say \"who\""', '/login' => 'Basic realm="Our code"');

# --- users, rights, repositories

my %LEVEL = (reader => 'read', writer => 'write', owner => 'admin', none => 'none');
my @PEOPLE = (sort(keys %LEVEL), 'admin');
$t->user($_) for keys %LEVEL, qw(asleep away other);
my $work = $t->repo('open-source', commits => 4)->{work};
my $master = $t->git($work, 'rev-parse', 'master') =~ s/\n//r;
$t->repo('in/private', from => $work, args => { private => $TRUE });
for my $user (keys %LEVEL) {
    $t->must(grant_user_permission => { repoid => $_, userid => $user, perm => "repository.$LEVEL{$user}" })
        for 'open-source', 'in/private';
}
$t->repo('hidden', from => $work, args => { private => $TRUE }); # 'missing' has as many letters + 1
my %id = map { $_->{repo_name} => $_->{repo_id} } @{ $t->must('get_repos') };

# Passwords at the least cost of bcrypt, which is enough for a test.
my %password = map { $_ => "password of $_" } @PEOPLE, qw(asleep away);
$t->secret(values %password, 'not the password');
$t->sql(join '', map { "UPDATE users SET password = '" . crypt($password{$_}, '$2y$04$' . 'a' x 21 . '.')
    . "' WHERE username = '$_';" } keys %password);

my %token = map { $_ => $t->token('writer', '--role', $_) } qw(all vcs http api feed);
my $expired = $t->token('writer', '--role', 'all');
$t->sql("UPDATE api_key SET expires = 1 WHERE key_id = (SELECT max(key_id) FROM api_key)");
my %others = map { $_ => $t->token($_, '--role', 'vcs') } qw(asleep away);
$t->must(update_user => { userid => 'asleep', active => $FALSE });
$t->admin('ip', 'add', 'away', '10.0.0.0/8');

# --- the model

# What a user may do with a repository: 0 nothing, 1 read, 2 write. Visitors have no name.
sub level {
    my ($who, $repo) = @_;
    return 2 if $who eq 'admin';
    return 0 if !exists $id{$repo} || $repo eq 'hidden';
    return { read => 1, write => 2, admin => 2, none => 0 }->{ $LEVEL{$who} } if $LEVEL{$who};
    return $repo eq 'open-source' ? 1 : 0;
}

# The text of the lock that refuses, or nothing.
sub refusing_lock {
    my ($who, $repo, $lock, $push) = @_;
    my ($holder, $reason, $locking) = @$lock{qw(holder reason locking)};
    return if !$holder || $holder eq 'deleted';
    my $pulled = $reason eq 'lock_pull';
    return if $pulled && !$locking;
    return if $push ? $holder eq $who : $pulled && ($who eq '' || $holder eq $who);
    return "Repository `$repo` locked by user `$holder`. Reason:`$reason`";
}

# Name => [method, path, body, is it (a part of) a push, what comes of it when access is granted].
my $SMART = 'Only the smart protocol is served; use a git of 1.6.6 or later';
my %OPERATION = (
    'refs to fetch' => ['GET', 'info/refs?service=git-upload-pack', undef, 0, 200],
    'refs to push' => ['GET', 'info/refs?service=git-receive-pack', undef, 1, 200],
    'refs by HEAD' => ['HEAD', 'info/refs?service=git-receive-pack', undef, 1, 200],
    'probe to fetch' => ['POST', 'git-upload-pack', '0000', 0, 200],
    'probe to push' => ['POST', 'git-receive-pack', '0000', 1, 200],
    'no service' => ['GET', 'info/refs', undef, 0, 403, $SMART],
    'another service' => ['GET', 'info/refs?service=git-upload-archive', undef, 0, 403, $SMART],
    'dumb HEAD' => ['GET', 'HEAD', undef, 0, 403, $SMART],
    'dumb pack' => ['GET', 'objects/info/packs', undef, 0, 403, $SMART],
    archive => ['POST', 'git-upload-archive', '0000', 0, 403, 'git archive --remote is not served here'],
    lfs => ['POST', 'info/lfs/objects/batch', '{}', 0, 404, '{"message":"Git LFS is not served here"}'],
    'another method' => ['PUT', 'git-receive-pack', '0000', 1, 405],
);

# (status, text or undef) that a caller gets. $who: a name, '' for a visitor, undef for credentials
# that are wrong, 'away' for an address that is not allowed.
sub expected {
    my ($who, $repo, $lock, $op) = @_;
    my (undef, undef, undef, $push, $then, $text) = @{ $OPERATION{$op} };
    return 405 if $then == 405;
    return 401 if !defined $who;
    return (403, 'IP 127.0.0.1 not allowed') if $who eq 'away';
    my $level = level($who, $repo);
    return $who eq '' ? 401 : 404 if !$level;
    return 401 if $push && $who eq '';
    return (403, "You may not push to `$repo`") if $push && $level < 2;
    my $refusing = $then == 200 ? refusing_lock($who, $repo, $lock, $push) : undef;
    return defined $refusing ? (423, $refusing) : ($then, $text);
}

# --- one case

my ($cases, @wrong) = 0;

# Sends one operation; what is wrong with the answer goes to @wrong.
sub try_one {
    my ($about, $who, $repo, $lock, $op, %how) = @_;
    my ($method, $path, $body) = @{ $OPERATION{$op} };
    my $mount = $how{mount} // '';
    my $url = "$mount/" . ($how{url} // $repo) . "/$path";
    my @type = $path =~ /^git-/ ? ('Content-Type' => "application/x-$path-request") : ();
    my $a = $t->get($url . ($how{query} // ''), method => $method, body => $body,
        headers => [@type, @{ $how{headers} // [] }], basic => $how{basic});
    my ($status, $text) = expected($who, $repo, $lock, $op);
    my @bad;
    push @bad, 'status ' . $a->status . " instead of $status" if $a->status != $status;
    push @bad, 'text ' . $a->body if defined $text && $method ne 'HEAD' && $a->body ne $text;
    my $realm = $a->header('WWW-Authenticate') // 'none';
    push @bad, "WWW-Authenticate $realm" if $realm ne ($status == 401 ? $REALM{$mount} : 'none');
    push @bad, 'type ' . $a->header('Content-Type')
        if $status >= 400 && $op ne 'lfs' && !($mount && $status == 401) # httpd's page
            && $a->header('Content-Type') !~ m{^text/plain\b};
    push @bad, 'the answer names the repository' if $status =~ /^40[14]$/ && $a->{raw} =~ /\Q$repo\E/;
    push @wrong, join ': ', "$about, $op of $repo", join ', ', @bad if @bad;
    $cases++;
}

sub all_right {
    my ($name) = @_;
    is(join("\n", @wrong[0 .. ($#wrong > 9 ? 9 : $#wrong)]), '', "$name: $cases cases");
    diag(@wrong . ' are wrong') if @wrong;
    ($cases, @wrong) = 0;
}

sub public { $t->admin('anonymous', $_[0] ? 'on' : 'off') }

# The identity of nobody.
sub nobody { $_[0] ? '' : undef }

sub header { ('headers', ['X-Api-Key' => $t->key($_[0])]) }

# Sets the lock of all repositories.
sub set_lock {
    my ($lock) = @_;
    my $holder = !$lock->{holder} ? 'NULL' : $lock->{holder} eq 'deleted' ? 'NULL'
        : "(SELECT user_id FROM users WHERE username = '$lock->{holder}')";
    my $reason = $lock->{holder} ? "'$lock->{reason}'" : 'NULL';
    $t->sql("UPDATE repo SET enable_locking = ${\ ($lock->{locking} ? 1 : 0)}, lock_user_id = $holder, "
        . "lock_reason = $reason, locked_on = ${\ ($lock->{holder} ? 1 : 'NULL')}");
}

my @LOCKS = ({});
push @LOCKS, { locking => 1 };
for my $locking (0, 1) {
    push @LOCKS, { holder => 'deleted', reason => 'lock_pull', locking => $locking };
    for my $reason (qw(lock_api lock_pull lock_web lock_auto)) {
        push @LOCKS, { holder => $_, reason => $reason, locking => $locking }
            for $reason =~ /api|pull/ ? qw(writer other) : 'writer';
    }
}

sub in_words {
    my ($lock) = @_;
    return ($lock->{locking} ? 'locking on' : 'locking off')
        . ($lock->{holder} ? ", $lock->{reason} of $lock->{holder}" : '');
}

subtest 'rights and locks' => sub {
    for my $public (1, 0) {
        public($public);
        for my $lock ($public ? @LOCKS : grep { ($_->{holder} // 'other') eq 'other' } @LOCKS) {
            set_lock($lock);
            my $words = ($public ? '' : 'no visitors, ') . in_words($lock);
            for my $who (@PEOPLE, 'nobody') {
                next if !$public && $who =~ /owner|reader|admin/; # as with visitors
                my @how = $who eq 'nobody' ? () : header($who);
                my $is = $who eq 'nobody' ? nobody($public) : $who;
                for my $op (sort keys %OPERATION) {
                    next if $op =~ /another|by HEAD|dumb/ && ($lock->{holder} // '') ne 'other';
                    try_one("$who ($words)", $is, $_, $lock, $op, @how) for 'open-source', 'in/private';
                }
            }
        }
        all_right($public ? 'with visitors' : 'without visitors');
    }
};

subtest 'other ways to name a repository' => sub {
    public(1);
    set_lock({});
    for my $who (qw(none reader writer nobody)) {
        my @how = $who eq 'nobody' ? () : header($who);
        for my $op ('refs to fetch', 'refs to push', 'no service', 'lfs', 'probe to push') {
            try_one("$who ($_)", $who eq 'nobody' ? '' : $who, 'in/private', {}, $op, @how, url => $_)
                for 'in/private.git', 'in%2Fprivate', 'in%2fprivate.git', "_$id{'in/private'}",
                    "_$id{'in/private'}.git", "_$id{'in/private'}/whatever";
        }
    }
    all_right('names');
};

# [in words, who they are (a visitor: ''), how they are sent]; undef: wrong
sub credentials {
    my @all = ();
    my $add = sub { push @all, [@_] };
    my $key = $t->key('writer');
    $add->('a password', 'writer', basic => "writer:$password{writer}");
    $add->('a password, the name in capitals', 'writer', basic => "WRITER:$password{writer}");
    $add->('a password, the address as name', 'writer', basic => "writer\@example.org:$password{writer}");
    $add->("a reader's password", 'reader', basic => "reader:$password{reader}");
    $add->("an administrator's password", 'admin', basic => "admin:$password{admin}");
    $add->('a wrong password', undef, basic => 'writer:not the password');
    $add->("another one's password", undef, basic => "reader:$password{writer}");
    $add->('no such user', undef, basic => 'nosuchuser:not the password');
    $add->('nothing', undef, basic => ':');
    $add->('the visitor', undef, basic => 'default:');
    $add->('a main key', 'writer', basic => "writer:$key");
    $add->('a main key alone', 'writer', basic => ":$key");
    $add->('a main key as name', undef, basic => "$key:");
    $add->("a main key with another one's name", undef, basic => "reader:$key");
    for my $role (sort keys %token) {
        my $is = $role =~ /^(?:all|vcs)$/ ? 'writer' : undef;
        $add->("a token ($role) with the name '$_'", $is, basic => "$_:$token{$role}")
            for 'writer', 'x-token-auth', '';
        $add->("a token ($role), with another name", undef, basic => "owner:$token{$role}");
        $add->("a token ($role) in X-Api-Key", $is, headers => ['X-Api-Key' => $token{$role}]);
        $add->("a token ($role) as bearer", $is, headers => [Authorization => "Bearer $token{$role}"]);
        $add->("a token ($role) in the URL", 'query', query => $token{$role});
    }
    $add->('an expired token', undef, basic => "writer:$expired");
    $add->('an expired token in a header', undef, headers => ['X-Api-Key' => $expired]);
    $add->('a main key in a header', 'writer', headers => [Authorization => "bearer $key"]);
    $add->('a wrong key', undef, headers => ['X-Api-Key' => 'w' x 40]);
    $add->('a wrong key with a right password', undef, headers => ['X-Api-Key' => 'w' x 40],
        basic => "writer:$password{writer}");
    $add->('a right key with a wrong password', 'writer', headers => ['X-Api-Key' => $key], basic => 'writer:wrong')
        if !$_[0]; # with a login line, httpd checks the password first
    for my $user (qw(asleep away)) {
        my $is = $user eq 'away' ? 'away' : undef;
        $add->("$user, a password", $is, basic => "$user:$password{$user}");
        $add->("$user, a wrong password", undef, basic => "$user:not the password");
        $add->("$user, a main key", $is, headers => ['X-Api-Key' => $t->key($user)]);
        $add->("$user, a token", $is, basic => "$user:$others{$user}");
    }
    $add->('another scheme', 'nobody', headers => [Authorization => 'Negotiate abcd']);
    return @all;
}

subtest 'credentials' => sub {
    for my $public (1, 0) {
        public($public);
        for my $mount ('', '/login') {
            for (credentials($mount)) {
                my ($words, $who, %how) = @$_;
                $who = nobody($public) if defined $who && $who =~ /^(?:query|nobody)$/;
                for my $op ('refs to fetch', 'refs to push') {
                    next if $mount && $public && $op =~ /push/; # each wrong password takes its time
                    my %sent = (%how, mount => $mount);
                    $sent{query} = ($OPERATION{$op}[1] =~ /\?/ ? '&' : '?') . "api_key=$how{query}" if $how{query};
                    try_one("$words (mount '$mount', visitors: $public)", $who, $_, {}, $op, %sent)
                        for $op =~ /push/ || $mount ? 'in/private' : ('open-source', 'in/private');
                }
            }
            all_right("below '$mount', " . ($public ? 'with visitors' : 'without visitors'));
        }
    }
};

subtest 'what a refused login is told, and what the log says' => sub {
    public(0);
    my $wrong = 'Wrong user name, password or token (a token needs the role vcs or all)';
    my $refs = '/in/private/info/refs?service=git-upload-pack';
    for (
        ['a wrong password', $wrong, "wrong name, password or token of user 'writer'",
            basic => 'writer:not the password'],
        ['no such user', $wrong, "wrong name, password or token of user 'nosuchuser'", basic => 'nosuchuser:x'],
        ['a token as name', $wrong, "wrong name, password or token of user '***'", basic => "$token{vcs}:x"],
        ['the role api', $wrong, "a key of user 'writer' with token_role_api opens no repository",
            basic => "writer:$token{api}"],
        ['an expired token', $wrong, 'the key is unknown or expired', headers => ['X-Api-Key' => $expired]],
        ['an inactive user', $wrong, "user 'asleep' is inactive", headers => ['X-Api-Key' => $t->key('asleep')]],
        ['nothing', 'Unauthorized', 'no credentials, and no anonymous access'],
    ) {
        my ($about, $text, $why, %how) = @$_;
        my $before = length $t->error_log;
        my $a = $t->get($refs, %how);
        is($a->status . ' ' . $a->body, "401 $text", $about);
        my ($level, $logged) = substr($t->error_log, $before)
            =~ m{rcapi:(\w+)\].* RC0051: \S+ refused with 401: (.*) \(request };
        is($logged, $why, '... the log');
        is($level, $about eq 'nothing' ? 'debug' : 'info', '... its level'); # each git comes with nothing first
    }
};

subtest 'who stands in the access log' => sub {
    my $names = sub { join ' ', map { (split)[1] } split /\n/, substr slurp("$t->{dir}/logs/access_log"), shift };
    my $refs = '/open-source/info/refs?service=git-upload-pack';
    my $before = -s "$t->{dir}/logs/access_log";
    $t->get($refs, basic => "writer:$password{writer}");
    $t->get($refs, headers => ['X-Api-Key' => $t->key('reader')]);
    $t->get($refs, basic => 'writer:wrong');
    $t->get('/login' . $refs, basic => "x-token-auth:$token{vcs}");
    is($names->($before), 'writer reader - writer', 'the callers');
};

# All of an answer but what differs at each time, and the header and address that differ by request.
sub bytes { $_[0]{raw} =~ s/^Date:[^\n]*\n//mr }

subtest 'missing, hidden and not of git: the same bytes' => sub {
    my @who = ([], ['X-Api-Key' => $t->key('writer')], ['X-Api-Key' => 'w' x 40], ['X-Api-Key' => $t->key('away')],
        ['X-Api-Key' => $token{feed}], [Authorization => 'Bearer ' . $t->key('asleep')]);
    my $bare = "$t->{dir}/data/repos/notrow"; # on the disk only
    $t->git('.', qw(init -q --bare), $bare);
    my ($n, @different) = 0;
    for my $public (1, 0) {
        public($public);
        for my $who (@who) {
            for my $op (sort keys %OPERATION) {
                my ($method, $path, $body) = @{ $OPERATION{$op} };
                my @type = $path =~ /^git-/ ? ('Content-Type' => "application/x-$path-request") : ();
                my @answers = map { bytes($t->get("/$_/$path", method => $method, body => $body,
                    headers => [@type, @$who])) } qw(hidden absent hidden.git absent.git notrow), "_$id{hidden}",
                    '_99999999', '.rc_tmp', 'gone/hidden';
                push @different, "@$who $op: $_" for grep { $_ ne $answers[0] } @answers[1 .. $#answers];
                push @different, "@$who $op: success" if $answers[0] =~ m{^HTTP/1.1 2};
                $n += @answers;
            }
        }
    }
    is("@different[0 .. ($#different > 4 ? 4 : $#different)]", '', "$n answers");
};

# --- what follows

my $last = 0;
sub journal {
    my $rows = $t->sql("SELECT journal_id, username, action FROM journal WHERE journal_id > $last AND (action LIKE "
        . "'push%' OR action LIKE 'pull%') ORDER BY 1");
    ($last) = $rows =~ /(\d+)\|[^\n]*\n\z/ if $rows;
    return join ' ', map { (split /\|/, $_, 2)[1] =~ s/:.*//r } split /\n/, $rows;
}

sub lock_now {
    return $t->sql("SELECT coalesce(username, '') || ' ' || coalesce(lock_reason, '') FROM repo LEFT JOIN users ON "
        . "user_id = lock_user_id WHERE repo_name = 'in/private'") =~ s/\n//r;
}

sub pkt { join '', map { sprintf '%04x%s', 4 + length, $_ } @_ }

subtest 'what transfers do to locks and to the journal' => sub {
    public(1);
    my $want = pkt("want $master side-band-64k\n") . '0000' . pkt("done\n");
    my $branch = 0;
    for my $lock (grep { ($_->{reason} // '') !~ /web|auto/ } @LOCKS) {
        for my $who (qw(reader writer owner)) {
            for my $push (0, 1) {
                set_lock($lock);
                journal();
                my $before = lock_now();
                my $name = $push ? 'git-receive-pack' : 'git-upload-pack';
                my $body = $push ? pkt("$NONE $master refs/heads/b" . ++$branch . "\0report-status side-band-64k")
                    . '0000' . $t->git($work, { stdin => '' }, qw(pack-objects --stdout -q)) : $want;
                my $a = $t->get("/in/private/$name", method => 'POST', body => $body,
                    headers => ['Content-Type' => "application/x-$name-request", 'X-Api-Key' => $t->key($who)]);
                my ($status) = expected($who, 'in/private', $lock, $push ? 'probe to push' : 'probe to fetch');
                my ($after, $said, $note) = ($before, '', '');
                my $counts = $lock->{holder} && $lock->{holder} ne 'deleted'
                    && ($lock->{locking} || $lock->{reason} ne 'lock_pull');
                if ($status == 200 && $push) {
                    $said = "$who|push";
                    ($after, $note) = (' ', 'Released lock on repo `in/private`') if $lock->{locking}
                        && ($lock->{holder} // '') eq $who;
                    $said .= " $who|push_unlock" if $note;
                } elsif ($status == 200) {
                    $said = "$who|pull";
                    ($after, $note) = ("$who lock_pull", 'Made lock on repo `in/private`') if $lock->{locking}
                        && $who ne 'reader' && !$counts;
                    $said .= " $who|pull_lock" if $note;
                }
                my $sent = $a->body =~ /((?:Made|Released) lock on repo `[^`]*`)/ ? $1 : '';
                is(join(', ', $a->status, $sent, journal(), lock_now()), join(', ', $status, $note, $said, $after),
                    "$who " . ($push ? 'pushes' : 'pulls') . ': ' . in_words($lock));
            }
        }
    }
};

# --- the system's git

subtest 'git' => sub {
    set_lock({});
    my $out = sub { my $r = $_[0]->try($t->dir, 'ls-remote', $_[0]->url($_[1]), 'HEAD'); $r->{out} . $r->{err} };
    my $visitor = RCAPI::GitClient->new($t);
    like($out->($visitor, 'open-source'), qr/^$master\tHEAD$/, 'a visitor reads');
    like($out->($visitor, 'in/private'), qr/could not read Username/, '... no private repository');
    my $git = RCAPI::GitClient->new($t, basic => "writer:$token{vcs}");
    is($git->try($work, 'push', '-q', $git->url('in/private'), 'master:by-git')->{exit}, 0, 'a writer pushes');
    like(RCAPI::GitClient->new($t, basic => "writer:$token{feed}")->try($t->dir, 'ls-remote',
        $t->url =~ s{//}{//writer:$token{feed}@}r . '/in/private')->{err}, qr/Authentication failed/, 'a wrong role');
    my $reader = RCAPI::GitClient->new($t, as => 'reader');
    like($reader->try($work, 'push', $reader->url('in/private'), 'master:x')->{err},
        qr/^remote: You may not push to `in\/private`\s*$/m, 'a reader does not push');
    like($out->(RCAPI::GitClient->new($t, as => 'none'), 'in/private'),
        qr/^remote: There is no such repository, or you may not read it\s*\nfatal: repository .* not found/m,
        'hidden');
    set_lock({ holder => 'owner', reason => 'lock_api' });
    like($out->($reader, 'in/private'),
        qr/^remote: Repository `in\/private` locked by user `owner`. Reason:`lock_api`\s*$/m, 'locked');
};

$t->done;
done_testing;
