#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Pushes by the system's git and by hand: what they change, what they print, what follows them, and
# what happens when somebody else changes something meanwhile, or the client leaves.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Compress::Gzip qw(gzip);
use Test::More;
use Time::HiRes qw(sleep);

use RCAPI::GitClient;
use RCAPI::HTTP;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(
    mounts => ['/', '/small'],
    children => ($ENV{MPM} // '') eq 'prefork' ? 4 : 1, # others are served during a push
    directives => <<'END',
Timeout 20
<Location "/small">
    RcapiPushMaxSize 1M
</Location>
END
);
my $PUSH = 'application/x-git-receive-pack-request';
my $NONE = '0' x 40;
my $DONE = qr/^remote: RhodeCode: push completed\s*$/m;
my $admin = RCAPI::GitClient->new($t, as => 'admin');
my $visitor = RCAPI::GitClient->new($t);
$t->user($_) for qw(bob wendy);
my $bob = RCAPI::GitClient->new($t, as => 'bob');
my $wendy = RCAPI::GitClient->new($t, as => 'wendy');
my $main = $t->repo('group/main', empty => 1);
writer('group/main');

sub true { JSON::PP::true() }

sub writer {
    $t->must(grant_user_permission => { repoid => $_[0], userid => 'wendy', perm => 'repository.write' });
}

# A new folder with $n commits on master, and $repo as its origin.
sub work {
    my ($repo, $n, $seed) = @_;
    my $work = $admin->folder;
    $admin->must($t->dir, 'init', '-q', $work);
    RCAPI::Git::history($work, $n, $seed // 1);
    $admin->must($work, 'remote', 'add', 'origin', $admin->url($repo));
    return $work;
}

# Adds a commit to the branch that is checked out.
sub commit {
    my ($work, $text) = @_;
    spew("$work/file", $text);
    $t->git($work, 'add', 'file');
    $t->git($work, 'commit', '-q', '-m', 'a change');
    return head($work);
}

sub head { $t->git($_[0], 'rev-parse', $_[1] // 'HEAD') =~ s/\n//r }
sub exists_in { -e "$_[0]{path}/$_[1]" || slurp("$_[0]{path}/packed-refs") =~ m{ \Q$_[1]\E(?:/|$)}m ? 1 : 0 }

# What the journal says of pushes since the last call.
my $last = 0;
sub journal {
    my $rows = $t->sql("SELECT journal_id, username, action FROM journal WHERE journal_id > $last AND (action LIKE "
        . "'push%' OR action LIKE 'pull%') ORDER BY 1");
    ($last) = $rows =~ /(\d+)\|[^\n]*\n\z/ if $rows;
    return join ' ', map { (split /\|/, $_, 2)[1] } split /\n/, $rows;
}

sub last_change { $t->must(get_repo => { repoid => $_[0] })->{last_changeset}{raw_id} }

my $work = work('group/main', 20);

subtest 'the first push' => sub {
    my $r = $admin->try($work, 'push', '--progress', 'origin', 'side:trunk', 'v10');
    is($r->{exit}, 0, 'exit status') or diag $r->{err};
    like($r->{err}, $DONE, 'the text');
    like($r->{err}, qr/remote: Resolving deltas: 100%/, 'progress');
    is(head($main->{path}, 'trunk'), head($work, 'side'), 'the branch');
    is($t->git($main->{path}, 'symbolic-ref', 'HEAD'), "refs/heads/trunk\n", 'HEAD');
    is($t->git($main->{path}, 'fsck', '--full'), '', 'all objects');
    is(last_change('group/main'), head($work, 'side'), 'last_changeset');
    my $short = substr head($work, 'side'), 0, 12;
    like($t->get('/group/main/feed/atom', as => 'admin')->body, qr/$short/, 'the feed');
    my @ids = split /\n/, $t->git($work, 'rev-list', 'side');
    my $said = journal();
    like($said, qr/^admin\|push:/, 'the journal');
    is(join(' ', grep { $said !~ /$_/ } @ids), '', '... with all commits');
    like($said, qr{,tag=>v10\z}, '... and the tag');
    is(head($visitor->clone('group/main')), head($work, 'side'), 'a clone has it');
};

subtest 'pushes of every kind, in each version' => sub {
    for my $v (0 .. 2) {
        my $git = RCAPI::GitClient->new($t, as => 'wendy', version => $v);
        $git->must($work, 'push', 'origin', "master:m$v", "side:s$v");
        is(head($main->{path}, "m$v"), head($work, 'master'), "version $v: two branches");
        my $id = commit($work, "version $v");
        is($git->try($work, 'push', 'origin', "master:m$v")->{exit}, 0, '... one more commit');
        is(last_change('group/main'), $id, '... is the last one');
        is((journal() =~ /wendy\|push:\S*\Q$id\E\z/) ? 1 : 0, 1, '... in the journal');
        $t->git($work, 'reset', '-q', '--hard', 'HEAD~3');
        isnt($git->try($work, 'push', 'origin', "master:m$v")->{exit}, 0, '... going back needs force');
        is($git->try($work, 'push', '--force', 'origin', "master:m$v")->{exit}, 0, '... with force');
        is(head($main->{path}, "m$v"), head($work), '... it goes back');
        $t->git($work, 'tag', '-a', '-m', 'a tag', "t$v");
        is($git->try($work, 'push', 'origin', "t$v", "master:refs/notes/n$v")->{exit}, 0, '... a tag and a note');
        is(head($main->{path}, "t$v"), head($work, "t$v"), '... are there');
        journal();
        my $r = $git->try($work, 'push', 'origin', '--delete', "s$v", "t$v");
        is($r->{exit}, 0, '... deleting');
        like($r->{err}, $DONE, '... says so, too');
        is(exists_in($main, "refs/heads/s$v") + exists_in($main, "refs/tags/t$v"), 0, '... deletes');
        like(journal(), qr/delete_branch=>s$v/, '... as the journal says');
    }
};

subtest 'the journal lists what git rev-list lists' => sub {
    my $repo = $t->repo('group/listed', empty => 1);
    my $from = work('group/listed', 30, 3);
    my $trunk = head($from, 'master');
    my $lists = sub {
        my ($about, $specs, @range) = @_;
        my $r = $admin->try($from, 'push', '--force', 'origin', @$specs);
        is($r->{exit}, 0, $about) or diag $r->{err};
        my @ids = reverse split /\n/, $t->git($from, 'rev-list', @range);
        is(journal(), 'admin|push:' . join(',', @ids ? @ids : head($from, $range[0])), '... in the journal');
    };
    journal();
    $lists->('a branch in the middle of the history', ['master~9:refs/heads/trunk'], 'master~9');
    $lists->('merges behind it', ['master:trunk'], 'master', '^master~9');
    $t->git($from, qw(checkout -q -b topic), 'master~4');
    commit($from, "topic $_") for 1 .. 3;
    $lists->('a new branch', ['topic'], 'topic', '^master');
    $t->git($from, qw(checkout -q master));
    $t->git($from, qw(merge -q -s ours -m merged topic));
    commit($from, 'after the merge');
    $lists->('a merge of it', ['master:trunk'], 'master', "^$trunk");
    commit($from, 'both');
    $lists->('two branches', ['master:trunk', 'topic~1:refs/heads/part'], 'master', 'topic~1', '^master~1', '^topic');
    my $left = head($from);
    $t->git($from, qw(reset -q --hard HEAD~3));
    commit($from, 'aside');
    $lists->('a branch moved aside', ['master:trunk'], 'master', "^$left");
    $lists->('and back', ['master~2:trunk'], 'master~2', '^master');
};

subtest 'what git refuses' => sub {
    journal();
    my $r = $admin->try($work, 'push', 'origin', '--delete', 'trunk');
    like($r->{err}, qr/refusing to delete the current branch/, 'to delete the current branch');
    unlike($r->{err}, qr/push completed/, '... without our text');
    $r = $admin->try($work, 'push', 'origin', 'master:refs/pull/1/head');
    like($r->{err}, qr/deny updating a hidden ref/, 'a hidden reference');
    is(journal(), '', 'nothing in the journal');
    $r = $admin->try($work, 'push', '--atomic', 'origin', 'master:fresh', ':trunk');
    isnt($r->{exit}, 0, 'all or nothing');
    is(exists_in($main, 'refs/heads/fresh'), 0, '... is nothing');
    is(journal(), '', '... also in the journal');
    $r = $admin->try($work, 'push', '--atomic', 'origin', 'master:fresh', 'master:refs/pull/1/head');
    like($r->{err}, qr/rejected\] master -> \Q$_\E /, "... $_ beside a hidden one") for qw(fresh refs/pull/1/head);
    like($r->{err}, qr/An atomic push may not update a hidden reference/, '... says why');
    unlike($r->{err}, qr/push completed/, '... without our text');
    is(exists_in($main, 'refs/heads/fresh') . exists_in($main, 'refs/pull') . journal(), '00', '... is nothing, too');
    $r = $admin->try($work, 'push', 'origin', 'master:fresh', ':trunk');
    is(exists_in($main, 'refs/heads/fresh'), 1, 'else one of two');
    like($r->{err}, $DONE, '... with our text');
    is($admin->try($work, 'push', '--atomic', 'origin', 'master:fresh2', ':fresh')->{exit}, 0, 'all');
    is(exists_in($main, 'refs/heads/fresh') . exists_in($main, 'refs/heads/fresh2'), '01', '... at once');
};

sub rise { (slurp('/proc/' . ($t->children)[0] . '/status') =~ /^VmHWM:\s*(\d+) kB/m)[0] }

subtest 'a large push' => sub {
    spew("$work/noise", RCAPI::Git::random_bytes(12_000_000));
    $t->git($work, 'add', 'noise');
    $t->git($work, 'commit', '-q', '-m', 'noise');
    my $before = rise();
    my $r = $wendy->try($work, { env => { GIT_CURL_VERBOSE => 1 } }, 'push', 'origin', 'master:large');
    is($r->{exit}, 0, 'of 12 MB');
    like($r->{err}, qr/Transfer-Encoding: chunked/i, '... in chunks');
    is(head($main->{path}, 'large'), head($work), '... arrives');
    cmp_ok(rise() - $before, '<', 8192, 'memory') unless $ENV{RCAPI_PRELOAD};
    spew("$work/noise", RCAPI::Git::random_bytes(4_000_000));
    $t->git($work, 'commit', '-q', '-a', '-m', 'more noise');
    $r = $wendy->try($work, 'push', $wendy->url('small/group/main'), 'master~1:refs/heads/small', 'master:toolarge');
    like($r->{err}, qr/remote unpack failed|exceeds maximum allowed size/, 'more than is allowed') or diag $r->{err};
    is(exists_in($main, 'refs/heads/small') + exists_in($main, 'refs/heads/toolarge'), 0, '... changes nothing');
    $t->git($work, 'reset', '-q', '--hard', 'HEAD~2');
};

subtest 'who may push' => sub {
    my $r = $bob->try($work, 'push', $bob->url('group/main'), 'master:x');
    like($r->{err}, qr/^remote: You may not push to `group\/main`$/m, 'a reader not');
    $r = $visitor->try($work, 'push', $visitor->url('group/main'), 'master:x');
    like($r->{err}, qr/could not read Username|Authentication failed/, 'a visitor not');
    my $token = $t->token('wendy', '--role', 'vcs');
    my $git = RCAPI::GitClient->new($t, basic => "wendy:$token");
    is($git->try($work, 'push', $git->url('group/main'), 'master:by-token')->{exit}, 0, 'a writer by a token');
    $git = RCAPI::GitClient->new($t, basic => 'admin:' . $t->{password});
    is($git->try($work, 'push', $git->url('group/main'), 'master:by-password')->{exit}, 0, 'by a password');
    is($t->get('/group/main/git-receive-pack', method => 'POST', body => '0000')->status, 401, 'POST of a visitor');
};

subtest 'locks' => sub {
    $t->must(lock => { repoid => 'group/main', userid => 'admin', locked => true() });
    my $text = 'Repository `group/main` locked by user `admin`. Reason:`lock_api`';
    like($wendy->try($work, 'push', 'origin', 'master:x')->{err}, qr/^remote: \Q$text\E$/m, "another's lock");
    my $r = RCAPI::GitClient->new($t, as => 'admin')->try($work, 'push', 'origin', 'master:locked');
    is($r->{exit}, 0, 'their own lock');
    unlike($r->{err}, qr/Released/, '... stays, by the API');
    $t->must(update_repo => { repoid => 'group/main', enable_locking => true() });
    journal();
    commit($work, 'a lock');
    $r = $admin->try($work, 'push', 'origin', 'master:locked');
    like($r->{err}, qr/^remote: RhodeCode: push completed\s*\nremote: Released lock on repo `group\/main`\s*$/m,
        '... ends, where locking is on');
    like(journal(), qr/^admin\|push:\S+ admin\|push_unlock$/, '... as the journal says');
    is($wendy->try($work, 'push', 'origin', 'master:locked2')->{exit}, 0, '... then others may');
    $t->must(update_repo => { repoid => 'group/main', enable_locking => JSON::PP::false() });
};

# --- by hand

sub pkt { join '', map { sprintf '%04x%s', 4 + length, $_ } @_ }

# The body of a push that sets each $refs{name} to the id, with all objects that it needs.
sub body {
    my ($from, $words, %refs) = @_;
    my @lines = map { "$NONE $refs{$_} $_" } sort keys %refs;
    $lines[0] .= "\0 $words";
    my $pack = $t->git($from, { stdin => join("\n", values %refs) . "\n" }, qw(pack-objects --revs --stdout -q));
    return pkt(@lines) . '0000' . $pack;
}

sub post {
    my ($repo, $body, %opt) = @_;
    return $t->get("/$repo/git-receive-pack", method => 'POST', body => $body,
        headers => ['Content-Type' => $opt{type} // $PUSH, 'X-Api-Key' => $t->key('wendy'), @{ $opt{headers} // [] }]);
}

subtest 'single requests' => sub {
    my $id = head($work);
    my $n = 0;
    my $next = sub { 'refs/heads/hand' . ++$n };
    my $there = sub { head($main->{path}, "hand$n") eq $id };
    my $a = post('group/main', '0000');
    is($a->status . $a->body, '200', 'a probe');
    is($a->header('Content-Type'), 'application/x-git-receive-pack-result', 'type');
    is($a->header('Cache-Control'), 'no-cache, max-age=0, must-revalidate', 'Cache-Control');
    journal();
    is(post('group/main', body($work, 'quiet', $next->() => $id))->body, '', 'no report, if none is wanted');
    ok($there->(), '... but a push');
    like(journal(), qr/^wendy\|push/, '... in the journal');
    is(post('group/main', body($work, 'report-status', $next->() => $id))->body,
        pkt("unpack ok\n", "ok refs/heads/hand$n\n") . '0000', 'a report without bands');
    is(post('group/main', body($work, 'side-band-64k quiet', $next->() => $id))->body,
        pkt("\2RhodeCode: push completed\n") . '0000', 'bands without a report');
    my $packed;
    gzip(\body($work, 'report-status', $next->() => $id), \$packed);
    like(post('group/main', $packed, headers => ['Content-Encoding' => 'gzip'])->body, qr/ok refs/, 'gzip');
    my $body = body($work, 'report-status', $next->() => $id);
    my $head = "POST /group/main/git-receive-pack HTTP/1.0\r\nContent-Type: $PUSH\r\n"
        . "X-Api-Key: ${\ $t->key('wendy')}\r\n";
    like($t->raw_request("${head}Content-Length: ${\ length $body}\r\n\r\n$body")->body, qr/ok refs/, 'HTTP/1.0');
    ok($there->(), '... has pushed');
    for (['no packets', 'hello', 400], ['nothing', '', 400],
        ['no end of the commands', pkt("$NONE $id refs/heads/x"), 400],
        ['a certificate', pkt("push-cert\0 x") . '0000', 400],
        ['a reference twice', pkt("$NONE $id refs/heads/x\0", "$NONE $id refs/heads/x") . '0000', 400]) {
        is(post('group/main', $_->[1])->status, $_->[2], $_->[0]);
    }
    is(post('group/main', '0000', type => 'text/plain')->status, 415, 'another type');
    is(post('group/main', 'x', headers => ['Content-Encoding' => 'br'])->status, 415, 'another encoding');
    like(post('group/main', body($work, 'report-status', 'refs/heads/cut' => $id) =~ s/.{10}\z//sr)->body,
        qr/unpack .*(?:abnormal|error)/, 'a pack without its end');
    is(exists_in($main, 'refs/heads/cut'), 0, '... changes nothing');
};

# A connection on which all of a push but the last $left bytes was sent, and git works on it.
sub begin {
    my ($repo, $body, $left) = @_;
    my $socket = RCAPI::HTTP::connect_to($t->port);
    my $head = "POST /$repo->{name}/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: $PUSH\r\n"
        . "X-Api-Key: ${\ $t->key('wendy')}\r\nConnection: close\r\nContent-Length: ${\ length $body}\r\n\r\n";
    my $text = $head . substr $body, 0, length($body) - $left;
    for (my $at = 0; $at < length $text;) {
        $at += syswrite($socket, $text, 65536, $at) // die "no connection\n";
    }
    patiently(10, sub { glob "$repo->{path}/objects/tmp_objdir-*" }) or die "git does not start\n";
    return $socket;
}

# Sends the rest; the answer's body.
sub finish {
    my ($socket, $body, $left) = @_;
    syswrite $socket, substr $body, -$left;
    local $/;
    return RCAPI::HTTP::parse(scalar <$socket>)->body;
}

# Nothing of a push is left that had no effect.
sub no_trace {
    my ($repo, $ref) = @_;
    ok(patiently(20, sub { !glob "$repo->{path}/objects/tmp_objdir-*" }), '... and no objects');
    is(exists_in($repo, $ref), 0, '... and no reference');
    is(journal(), '', '... and no entry in the journal');
}

my $few = work('group/main', 4, 5);
my $id = head($few);
my $words = 'report-status side-band-64k';

subtest 'rights that end during a push' => sub {
    my $body = body($few, $words, 'refs/heads/late' => $id);
    my %how = (
        'a lock' => [sub { $t->must(lock => { repoid => 'group/main', userid => 'admin', locked => true() }) },
            sub { $t->must(lock => { repoid => 'group/main', userid => 'admin', locked => JSON::PP::false() }) },
            qr/ng refs\/heads\/late Repository `group\/main` locked by user `admin`/],
        'no right' => [sub { $t->must(revoke_user_permission => { repoid => 'group/main', userid => 'wendy' }) },
            sub { writer('group/main') }, qr/ng refs\/heads\/late You may not push to `group\/main`/],
        'an inactive user' => [sub { $t->must(update_user => { userid => 'wendy', active => JSON::PP::false() }) },
            sub { $t->must(update_user => { userid => 'wendy', active => true() }) },
            qr/ng refs\/heads\/late You may not push to this repository any more/],
    );
    journal();
    for my $name (sort keys %how) {
        my ($before, $after, $text) = @{ $how{$name} };
        my $socket = begin($main, $body, 1);
        $before->();
        my $said = finish($socket, $body, 1);
        like($said, $text, $name);
        unlike($said, qr/push completed|(?<!n)ok refs/, '... is no success');
        no_trace($main, 'refs/heads/late');
        $after->();
        my $longer = $body . 'x' x 44; # git ignores some bytes behind a pack: it has all before the end
        $socket = begin($main, $longer, 45);
        sleep 1.2; # the right is checked once a second
        $before->();
        syswrite $socket, substr $longer, -45, 35;
        ok(!patiently(0.5, sub { exists_in($main, 'refs/heads/late') }), '... nor with bytes behind the pack');
        like(finish($socket, $longer, 10), $text, '... at once');
        no_trace($main, 'refs/heads/late');
        $after->();
    }
};

subtest 'the client leaves' => sub {
    my $body = body($few, $words, 'refs/heads/gone' => $id);
    journal();
    close begin($main, $body, 1);
    pass('before the last byte');
    no_trace($main, 'refs/heads/gone');
    my $socket = begin($main, $body, 1);
    syswrite $socket, substr $body, -1;
    close $socket;
    ok(patiently(20, sub { exists_in($main, 'refs/heads/gone') }), 'after the last byte: the push stands');
    my $said = '';
    ok(patiently(20, sub { $said .= journal() }), '... and the journal says so');
    my $delete = pkt("$id $NONE refs/heads/gone\0 report-status") . '0000';
    $socket = RCAPI::HTTP::connect_to($t->port);
    syswrite $socket, "POST /group/main/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: $PUSH\r\n"
        . "X-Api-Key: ${\ $t->key('wendy')}\r\nTransfer-Encoding: chunked\r\n\r\n"
        . sprintf("%x\r\n%s\r\n", length $delete, $delete);
    my ($child) = $t->children;
    my $programs = sub { grep { slurp($_) =~ /^PPid:\s*$child$/m } glob '/proc/[0-9]*/status' };
    patiently(10, sub { $programs->() });
    close $socket; # without the last chunk
    ok(patiently(20, sub { !$programs->() }), 'before the end of the body of a push without a pack');
    is(exists_in($main, 'refs/heads/gone'), 1, '... nothing is deleted');
};

# Calls a method in a process of its own; its result is read by the returned function.
sub meanwhile {
    my @call = @_;
    my $file = $t->dir . '/scratch/result';
    unlink $file;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        my $a = $t->call(@call);
        spew("$file.new", defined $a->{error} ? $a->{error} : 'done');
        rename "$file.new", $file;
        POSIX::_exit(0);
    }
    return sub { waitpid $pid, 0; slurp($file) };
}

subtest 'the repository is renamed or deleted' => sub {
    my $one = $t->repo('one', empty => 1);
    writer('one');
    my $body = body($few, $words, 'refs/heads/master' => $id);
    my $socket = begin($one, $body, 1);
    my $result = meanwhile(update_repo => { repoid => 'one', repo_name => 'two' });
    is(slurp($t->dir . '/scratch/result'), '', 'a rename waits for a push');
    like(finish($socket, $body, 1), qr/ok refs\/heads\/master/, '... which succeeds');
    is($result->(), 'done', '... then it is renamed');
    my $two = { name => 'two', path => $one->{path} =~ s/one\z/two/r };
    is(head($two->{path}, 'master'), $id, '... with what was pushed');
    is(post('one', $body)->status, 404, 'the old name is gone');
    my $more = commit($few, 'more');
    $body = pkt("$id $more refs/heads/master\0 $words") . '0000'
        . $t->git($few, { stdin => "$more\n^$id\n" }, 'pack-objects', '--revs', '--stdout', '-q');
    $socket = begin($two, $body, 1);
    $result = meanwhile(delete_repo => { repoid => 'two' });
    like(finish($socket, $body, 1), qr/ok refs\/heads\/master/, 'a deletion waits as well');
    is($result->(), 'done', '... then it is deleted');
    is(post('two', $body)->status, 404, '... and cannot be pushed to');
};
$t->done;

# Pushes $work to a new server by $scheme, and clones it again; the body has no descriptor there.
sub through {
    my ($s, $scheme, @config) = @_;
    my $there = "$s->{dir}/data/repos/there";
    my $git = RCAPI::GitClient->new($s, as => 'admin', config => ['http.sslVerify=false', @config]);
    my $url = $git->url('there') =~ s/^http/$scheme/r;
    my $r = $git->try($work, 'push', $url, 'master', 'side');
    is($r->{exit}, 0, 'a push') or diag $r->{err};
    like($r->{err}, $DONE, '... and its text');
    is(head($there, 'master'), head($work, 'master'), '... arrives');
    is($git->try($s->dir, 'clone', '-q', $url, my $clone = $git->folder)->{exit}, 0, 'a clone');
    is(head($clone), head($work, 'master'), '... has it');
    $s->done;
}

for my $http ('HTTP/1.1', 'HTTP/2') {
    subtest "TLS and $http" => sub {
        plan skip_all => 'prefork has no HTTP/2' if $http eq 'HTTP/2' && ($ENV{MPM} // '') eq 'prefork';
        my $s = RCAPI::Test->new(start => 0, modules => [qw(ssl http2)], directives => "Protocols h2 http/1.1\n");
        my $tls = $s->tls // plan skip_all => 'openssl makes no certificate';
        $s->{server}{config} .= "${tls}CustomLog logs/requests \"%H %m\"\n";
        $s->admin(qw(call create_repo repo_name:there repo_type:git));
        $s->start;
        through($s, 'https', "http.version=$http");
        my $said = slurp($s->dir . '/logs/requests');
        like($said, qr{^\Q$http\E(?:\.0)? POST$}m, '... by this protocol');
    };
}
done_testing;
