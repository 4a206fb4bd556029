#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The raw diff: byte for byte what git prints, for every commit, revision form and parameter; its
# headers, conditions and ranges; and that slow readers of large diffs hold up nobody.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use Test::More;

use RCAPI::HTTP;
use RCAPI::Test;

my $NO_SUCH_COMMIT = 'No such commit exists for this repository';
my $t = RCAPI::Test->new(threads => 3, location => 'AddOutputFilterByType DEFLATE text/plain',
    directives => "RcapiDatabaseMax 3\n<IfModule mpm_event_module>\nAsyncRequestWorkerFactor 10\n</IfModule>\n");
my $repo = $t->repo('group/history', commits => 60, seed => 3);
$t->repo('void', empty => 1);
my @order = split /\n/, git('rev-list', '--reverse', '--date-order', '--branches', '--tags');
my $tip = $order[-1];

sub git { return $t->git($repo->{path}, @_) }

# What git prints for one commit against its first parent.
sub wanted {
    my ($id, @options) = @_;
    my ($parent) = git('rev-list', '--parents', '-n1', $id) =~ /^\S+ (\S+)/;
    $parent //= '4b825dc642cb6eb9a060e54bf8d69288fbee4904'; # the empty tree
    return git('diff', '-U3', @options, '--full-index', '--binary', '-p', '-M', '--abbrev=40', $parent, $id);
}

sub diff_of {
    my ($rev, $query) = @_;
    my $a = $t->get("/group/history/changeset-diff/$rev" . ($query ? "?$query" : ''), as => 'admin');
    return $a->status == 200 ? $a->body : $a->status . ' ' . $a->body;
}

subtest 'every commit' => sub {
    for my $id (@order) {
        is(diff_of($id), wanted($id), $id);
    }
};

subtest 'forms of a revision' => sub {
    my $want = diff_of($tip);
    my $named = git('rev-parse', 'v10^{commit}') =~ s/\n//r;
    my $side = git('rev-parse', 'side') =~ s/\n//r;
    is(diff_of($_), $want, "revision $_") for 'tip', 'HEAD', 'head', $#order, substr($tip, 0, 12), substr($tip, 0, 7);
    is(diff_of(0), diff_of($order[0]), 'index 0');
    is(diff_of('v10'), diff_of($named), 'a tag');
    is(diff_of('side'), diff_of($side), 'a branch');
    is($t->get('/group/history/raw-changeset/tip', as => 'admin')->body, $want, 'the old URL');
    my ($id) = map { $_->{repo_id} } grep { $_->{repo_name} eq 'group/history' } @{ $t->must('get_repos') };
    is($t->get("/_$id/changeset-diff/tip", as => 'admin')->body, $want, 'repository by id');
    is($t->get("/_$id/any/thing/changeset-diff/tip", as => 'admin')->body, $want, 'by id, and more');
};

subtest 'what there is not' => sub {
    my $late = scalar @order;
    my @bad = ('nope', $late, '-1', 'f' x 40, '1' x 12, '99999999999', "$tip^", 'master~1', 'HEAD:README',
        "$order[0]..$tip",
        "$tip...$order[0]", "$tip...nope", "nope...$tip", "...$tip", "$tip...", '...', '--all', '-p', '%0a',
        'refs%2Fheads%2Fmaster', substr($tip, 0, 6), '%ff%fe', 'a' x 5000, '@');
    is(diff_of($_), "404 $NO_SUCH_COMMIT", 'no ' . substr $_, 0, 60) for grep { !/%2F/ } @bad;
    is((diff_of('refs%2Fheads%2Fmaster') =~ /^(\d+)/)[0], 404, 'an encoded slash');
    is($t->get('/void/changeset-diff/tip', as => 'admin')->body, $NO_SUCH_COMMIT, 'an empty repository');
    is($t->get('/void/changeset-diff/0', as => 'admin')->status, 404, 'an empty repository, by index');
};

subtest 'ranges' => sub {
    my ($from, $to) = @order[10, 17];
    my $want = join '', map { diff_of($_) } @order[10 .. 17];
    is(diff_of("$from...$to"), $want, 'by id');
    is(diff_of('10...17'), $want, 'by index');
    is(diff_of("$from...$from"), diff_of($from), 'of one commit');
    is(diff_of('10...17', 'ignorews=1&context=1'),
        join('', map { diff_of($_, 'ignorews=1&context=1') } @order[10 .. 17]), 'with parameters');
};

subtest 'parameters' => sub {
    my @some = @order[grep { $_ % 6 == 0 } 0 .. $#order];
    for my $case (
        ['context=0', '-U0'], ['context=1', '-U1'], ['context=25', '-U25'], ['context=100000000', '-U100000'],
        ['context=x', '-U3'], ['context=', '-U3'], ['context=-4', '-U3'], ['context=+7', '-U7'],
        ['context=1.5', '-U3'],
        ['context=99999999999999999999', '-U3'], ['context=x:5', '-U5'], ['C--0123=WS:2', '-U2'],
        ['C--0123=2&context=9', '-U2'],
        ['c--0123=2', '-U3'], ['ignorews=1', '-w'], ['ignorews=x', '-w'], ['ignorews=', '-U3'], ['ignorews=0', '-U3'],
        ['ignorews=0&ignorews=1', '-U3'], ['diffmode=unified&fulldiff=1&x=y', '-U3'],
        ['context=1&ignorews=1', '-U1', '-w'],
        ['%63ontext=1', '-U1'], ['context=1;ignorews=1', '-U1', '-w'], ['context=%zz', '-U3'],
    ) {
        my ($query, @options) = @$case;
        my $wrong = grep { diff_of($_, $query) ne wanted($_, @options) } @some;
        is($wrong, 0, $query);
    }
};

subtest 'headers and conditions' => sub {
    my $url = "/group/history/changeset-diff/$order[20]";
    my $a = $t->get($url, as => 'admin');
    my $etag = $a->header('ETag');
    my $time = git('log', '-1', '--format=%ct', $order[20]) + 0;

    is($a->header('Content-Type'), 'text/plain; charset=utf-8', 'type');
    is($a->header('X-Content-Type-Options'), 'nosniff', 'nosniff');
    is($a->header('Content-Disposition'), undef, 'no disposition');
    is($a->header('Accept-Ranges'), 'bytes', 'ranges are served');
    is($a->header('Content-Length'), length $a->body, 'length');
    like($etag, qr/^"\Q$order[20]\E[^"]*"$/, 'a strong ETag of the id');
    like($a->header('Cache-Control'), qr/^private, max-age=\d{6,}, immutable$/, 'immutable at an id, by key');
    is($a->header('Last-Modified'), http_date($time), 'committer time');
    my $named = $t->get('/group/history/changeset-diff/tip', as => 'admin');
    is($named->header('Cache-Control'), 'private, no-cache', 'not at a name');
    is($named->header('Last-Modified'), undef, 'no date at a name');
    ok($named->header('ETag'), 'but an ETag');
    my %tags = map { ($t->get("$url?$_", as => 'admin')->header('ETag') => 1) } '', 'context=1', 'context=2',
        'ignorews=1', 'context=1&ignorews=1';
    is(keys %tags, 5, 'parameters make other ETags');
    is($t->get($url)->header('Cache-Control'), 'private, no-cache', 'not kept by visitors without a key');

    my $head = $t->get($url, as => 'admin', method => 'HEAD');
    is($head->body, '', 'HEAD has no body');
    is(join('|', map { $head->header($_) // '' } qw(ETag Content-Length Content-Type Cache-Control Last-Modified)),
        join('|', map { $a->header($_) // '' } qw(ETag Content-Length Content-Type Cache-Control Last-Modified)),
        'and the same headers');

    for my $case (
        [304, 'If-None-Match' => $etag], [304, 'If-None-Match' => "\"x\", $etag"], [304, 'If-None-Match' => '*'],
        [304, 'If-None-Match' => "W/$etag"], [200, 'If-None-Match' => '"x"'], [200, 'If-Match' => $etag],
        [412, 'If-Match' => '"x"'],
        [304, 'If-Modified-Since' => http_date($time)], [200, 'If-Modified-Since' => http_date($time - 1)],
        [412, 'If-Unmodified-Since' => http_date($time - 1)], [206, Range => 'bytes=0-9'], [206, Range => 'bytes=-5'],
        [416, Range => 'bytes=99999999-'],
    ) {
        my ($status, @headers) = @$case;
        for my $method (qw(GET HEAD)) {
            my $got = $t->get($url, as => 'admin', method => $method, headers => \@headers);
            next if $method eq 'HEAD' && $headers[0] eq 'Range';
            is($got->status, $status, "$method @headers");
            is($got->body, '', 'no body') if $status == 304;
            is($got->header('ETag'), $etag, 'with its ETag') if $status == 304;
        }
    }
    is($t->get($url, as => 'admin', headers => [Range => 'bytes=5-14'])->body, substr($a->body, 5, 10), 'a range');
    is($t->get($url, as => 'admin', headers => [Range => 'bytes=5-14', 'If-Range' => '"x"'])->status, 200,
        'If-Range of another');
    my $packed = $t->get($url, as => 'admin', headers => ['Accept-Encoding' => 'gzip']);
    is($packed->header('Content-Encoding'), 'gzip', 'compressed by mod_deflate');
    for my $sent ($packed->header('ETag'), "\"x\", " . $packed->header('ETag') . ', "y"', $etag) {
        is($t->get($url, as => 'admin', headers => ['Accept-Encoding' => 'gzip', 'If-None-Match' => $sent])->status,
            304, "304 for $sent");
    }
    is($t->get($url, as => 'admin', headers => ['If-None-Match' => $etag =~ s/"$/-zip"/r])->status, 200,
        'not for a suffix of nobody');
    is($t->get('/group/history/changeset-diff/tip', as => 'admin', headers => ['If-Modified-Since' => http_date(time)])
        ->status, 200,
        'no date, no If-Modified-Since');
    is($t->get('/group/history/changeset-diff/tip', as => 'admin',
        headers => ['If-None-Match' => $named->header('ETag')])->status, 304, '304 at a name');
};

sub http_date {
    my ($sec, $min, $hour, $day, $month, $year, $wday) = gmtime shift;
    return sprintf '%s, %02d %s %d %02d:%02d:%02d GMT', (qw(Sun Mon Tue Wed Thu Fri Sat))[$wday], $day,
        (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[$month], $year + 1900, $hour, $min, $sec;
}

subtest 'pushed by git while the server runs' => sub {
    my $work = $repo->{work};
    $t->git($work, 'commit', '-q', '--allow-empty', '-m', 'empty');
    my ($id) = $t->git($work, 'rev-parse', 'HEAD') =~ /(\S+)/;
    $t->git($work, 'push', '-q', $repo->{path}, 'master');
    is(diff_of($id), '', 'a commit without changes');
    is($t->get("/group/history/changeset-diff/$id", as => 'admin')->header('Content-Length'), 0, 'of length 0');
};

# The event MPM stops accepting where connections are many for its idle threads, and may look again only when one of
# them stirs: hence its factor.
subtest 'slow readers' => sub {
    my $big = $t->repo('big', build => sub {
        my ($work) = @_;
        open my $fh, '>', "$work/big.txt" or die;
        print $fh "line $_ of a large file that does not fit into the buffers of a socket\n" for 1 .. 300_000;
        close $fh;
        $t->git($work, 'add', '.');
        $t->git($work, 'commit', '-q', '-m', 'big');
    });
    my $key = $t->key('admin');
    my @slow = map {
        my $s = RCAPI::HTTP::connect_to($t->port) or die;
        print $s "GET /big/changeset-diff/tip HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Api-Key: $key\r\n\r\n";
        sysread $s, my $head, 200;
        like($head, qr/^HTTP\/1.1 200/, 'a slow reader is served');
        [$s, $head]
    } 1 .. 14; # more than threads (6), far fewer than the MPM's limit of connections
    is($t->call(test => { args => 'x' })->{result}, 'x', '14 of them leave threads and connections for others');
    my $want = wanted_in($big);
    my @get = ('/big/changeset-diff/tip', as => 'admin');
    is($t->get(@get)->body eq $want, 1, 'a fast reader gets all of it');
    my $range = $t->get(@get, headers => [Range => 'bytes=5000000-9000000'])->body;
    is($range eq substr($want, 5e6, 4e6 + 1), 1, 'or a range');
    for my $slow (@slow[0 .. 2]) {
        my ($s, $head) = @$slow;
        local $/;
        is(RCAPI::HTTP::parse($head . readline $s)->body eq $want, 1, 'a slow one gets all of it later');
    }
    close $_->[0] for @slow;
};

sub wanted_in {
    my ($other) = @_;
    return $t->git($other->{path}, 'diff', '--full-index', '--binary', '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
        'master');
}

$t->done;
done_testing;
