#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Feeds of repositories: what an XML parser and a feed parser read in them is what git tells of the
# last commits, on ordinary and on hostile history; validators; who may read them.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;

use RCAPI::Run qw(run);
use RCAPI::Test;

my $ITEMS = 12;
my $t = RCAPI::Test->new(whitelist => '', directives => "RcapiFeedItems $ITEMS\n");
my $repo = $t->repo('group/history', commits => 60, seed => 5);
$t->repo('void', empty => 1);
$t->user($_) for qw(bob eve);

# What feedparser makes of a feed; {} and a failed test when it, or xmllint, finds it malformed.
sub parsed {
    my ($text, $name) = @_;
    my $lint = run({ stdin => $text }, 'xmllint', '--noout', '--nonet', '-');
    is($lint->{exit}, 0, "$name: well-formed") or diag $lint->{err};
    my $r = run({ stdin => $text }, '/usr/bin/python3', '-c', <<'END');
import feedparser, json, sys
d = feedparser.parse(sys.stdin.buffer.read())
def entry(e):
    return {k: e.get(k, '') for k in ('title', 'link', 'author', 'id', 'summary')} | {
        'time': __import__('calendar').timegm(e.get('updated_parsed') or e.get('published_parsed'))}
json.dump({'bozo': str(d.get('bozo_exception', '')), 'version': d.version, 'encoding': d.encoding,
    'feed': {k: d.feed.get(k, '') for k in ('title', 'link', 'subtitle', 'language', 'id', 'updated', 'ttl')},
    'entries': [entry(e) for e in d.entries]}, sys.stdout)
END
    is($r->{exit}, 0, "$name: feedparser") or diag $r->{err};
    my $feed = eval { JSON::PP::decode_json($r->{out}) } // {};
    is($feed->{bozo}, '', "$name: nothing is wrong with it");
    return $feed;
}

sub fetch {
    my ($name, $kind, %opt) = @_;
    return $t->get("/$name/feed/$kind", as => 'admin', %opt);
}

# The last commits as git tells them, newest first: id, time, author, message.
sub wanted {
    my ($path, $n) = @_;
    my @ids = (reverse split /\n/, $t->git($path, qw(rev-list --reverse --date-order --branches --tags)))[0 .. $n - 1];
    return map {
        my ($time, $author, $message) = split /\n/, $t->git($path, 'log', '-1', '--format=%ct%n%an <%ae>%n%B', $_), 3;
        utf8::decode($_) for $author, $message;
        { id => $_, time => $time, author => $author, message => $message =~ s/\s+\z//r }
    } @ids;
}

# Blanks as HTML shows them: feedparser is free to change them.
sub squeezed { return $_[0] =~ s/\s+/ /gr =~ s/^ | $//gr }

for my $kind (qw(rss atom)) {
    subtest $kind => sub {
        my $a = fetch('group/history', $kind);
        is($a->status, 200, 'served');
        is($a->header('Content-Type'), "application/$kind+xml", 'type');
        my $feed = parsed($a->body, $kind);
        my @wanted = wanted($repo->{path}, $ITEMS);
        is($feed->{version}, $kind eq 'rss' ? 'rss20' : 'atom10', 'version');
        is($feed->{encoding}, 'utf-8', 'encoding');
        is($feed->{feed}{title}, 'group/history feed', 'title');
        is($feed->{feed}{link}, $t->url . '/group/history', 'link');
        is($feed->{feed}{subtitle}, $kind eq 'rss' ? 'Changes on group/history repository' : '', 'description');
        is($feed->{feed}{language}, 'en-us', 'language');
        is($feed->{feed}{ttl}, $kind eq 'rss' ? 5 : '', 'ttl');
        is(scalar @{ $feed->{entries} }, $ITEMS, 'entries');
        for my $i (0 .. $#wanted) {
            my ($got, $want) = ($feed->{entries}[$i], $wanted[$i]);
            my ($short, $link) = (substr($want->{id}, 0, 12), $t->url . "/group/history/changeset/$want->{id}");
            is($got->{link}, $link, "$short: link");
            is(squeezed($got->{title}), squeezed(($want->{message} =~ /(\S.*)/)[0]), "$short: title: the first line");
            is($got->{time}, $want->{time}, "$short: date");
            is($got->{author}, $want->{author}, "$short: author");
            like($got->{summary}, qr/<a href="\Q$link\E"[^>]*>$short<\/a>/, "$short: a link to it");
            is_deeply([$got->{summary} =~ /branch: (\S+?)<br/g], [names('branch', $want->{id})], "$short: branches");
            is_deeply([$got->{summary} =~ /tag: (\S+?)<br/g], [names('tag', $want->{id})], "$short: tags");
            is_deeply([files_in($got->{summary})], [files($want->{id})], "$short: files");
        }
        my ($day) = $t->git($repo->{path}, qw(log -1 --format=%cd --date=format-local:%Y-%m-%d),
            $wanted[0]{id}) =~ /(\S+)/;
        is($feed->{entries}[0]{id}, "tag:127.0.0.1,$day:/group/history/changeset/$wanted[0]{id}", 'id');
        like($a->body,
            qr{<guid isPermaLink="false">tag:127\.0\.0\.1,$day:/group/history/changeset/$wanted[0]{id}</guid>},
            'no link of its own') if $kind eq 'rss';
        like($a->body, qr/<updated>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ</, 'dates as they must be') if $kind eq 'atom';
        like($a->body, qr/<pubDate>\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000</, 'dates as they must be')
            if $kind eq 'rss';
        my ($id) = map { $_->{repo_id} } grep { $_->{repo_name} eq 'group/history' } @{ $t->must('get_repos') };
        is(fetch("_$id", $kind)->body, $a->body, 'by id');
    };
}

# A tag URI names a host by DNS name (RFC 4151), whatever the client called it.
subtest 'ids of hosts' => sub {
    my $key = $t->key('admin');
    for my $case (['[::1]:8080', 'ip6---1'], ['[2001:DB8::1]', 'ip6-2001-db8--1'], ['[fe80::]', 'ip6-fe80--0'],
        ['Code.Example.ORG:8443', 'code.example.org'], ['a.example.', 'a.example'], ['127.0.0.1', '127.0.0.1']) {
        my ($host, $name) = @$case;
        for my $kind (qw(rss atom)) {
            my $a = $t->raw_request("GET /group/history/feed/$kind HTTP/1.1\r\nHost: $host\r\nX-Api-Key: "
                . "$key\r\nConnection: close\r\n\r\n");
            my %names = map { $_ => 1 } $a->body =~ /(?:<id>|"false">)tag:([^,]*),/g;
            is_deeply([keys %names], [$name], "$kind: $host");
        }
    }
};

sub names {
    my ($what, $id) = @_;
    return split /\n/, $t->git($repo->{path}, $what, '--points-at', $id, '--format=%(refname:short)');
}

# Files of an entry: letter, added, removed. Names are compared where nothing needs an escape.
sub files_in {
    my ($html) = @_;
    my ($list) = $html =~ /<pre>(.*)<\/pre>/s;
    return map { /^ ([AMD]) (\S.*?)(?: \((\d+) lines added, (\d+) lines removed\))?$/ ? "$1 " . plain($2) . ' '
        . ($3 // '-') . ' ' . ($4 // '-') : () }
        split /\n/, $list;
}

sub files {
    my ($id) = @_;
    my ($parent) = $t->git($repo->{path}, qw(rev-list --parents -n1), $id) =~ /^\S+ (\S+)/;
    my @range = ($parent // '4b825dc642cb6eb9a060e54bf8d69288fbee4904', $id);
    my @quiet = qw(-c core.quotePath=false diff-tree -r -z --no-renames);
    my %op = reverse split /\0/, $t->git($repo->{path}, @quiet, '--name-status', @range);
    my @list;
    for (split /\0/, $t->git($repo->{path}, @quiet, '--numstat', @range)) {
        my ($added, $removed, $name) = split /\t/, $_, 3;
        push @list, ($op{$name} eq 'T' ? 'M' : $op{$name}) . ' ' . plain($name) . " $added $removed";
    }
    return @list;
}

sub plain {
    my $name = shift;
    utf8::decode($name) unless utf8::is_utf8($name);
    return $name =~ /[<>&"\t]/ ? '?' : $name
}

subtest 'validators' => sub {
    my $a = fetch('group/history', 'atom');
    my $etag = $a->header('ETag');
    like($etag, qr/^"[0-9a-f]{40}"$/, 'an ETag');
    is($a->header('Cache-Control'), 'private, no-cache', 'ask again each time');
    is($a->header('Last-Modified'), undef, 'no date: branches may move to older commits');
    is(fetch('group/history', 'atom')->header('ETag'), $etag, 'the same again');
    isnt(fetch('group/history', 'rss')->header('ETag'), $etag, 'RSS has another');
    isnt($t->get('/group/history/feed/atom', as => 'admin', headers => [Host => 'other.example.org'])->header('ETag'),
        $etag, 'another host, too');
    my @not = (headers => ['If-None-Match' => $etag]);
    is(fetch('group/history', 'atom', @not)->status, 304, 'not modified');
    my $head = fetch('group/history', 'atom', method => 'HEAD');
    is($head->header('Content-Length'), length $a->body, 'HEAD');
    my $path = $repo->{path};
    for my $change (
        [qw(branch new master)], [qw(branch -m new newer)], [qw(tag mark master)], [qw(branch -D newer)],
        ['update-ref', 'refs/heads/master',
            $t->git($path, qw(commit-tree -p master -m pushed master^{tree})) =~ s/\s//r],
    ) {
        $t->git($path, @$change);
        my $now = fetch('group/history', 'atom', @not);
        is($now->status, 200, "modified: git @$change[0, 1]");
        isnt($now->header('ETag'), $etag, 'another ETag');
        @not = (headers => ['If-None-Match' => $etag = $now->header('ETag')]);
    }
    like(fetch('group/history', 'rss')->body, qr/<title>pushed</, 'a pushed commit is told');
};

subtest 'an empty repository' => sub {
    for my $kind (qw(rss atom)) {
        my $a = fetch('void', $kind);
        is($a->status, 200, 'served');
        is($a->header('ETag'), undef, 'without ETag: it is of now');
        my $feed = parsed($a->body, "void $kind");
        is(scalar @{ $feed->{entries} }, 0, 'no entries');
        is($feed->{feed}{link}, $t->url . '/void', 'link');
    }
};

subtest 'hostile history' => sub {
    my @messages = ("\x01\x02\x1b[31mred\x7f", ']]>]]&gt;<![CDATA[', '<script>alert(1)</script> & "quoted"',
        "caf\xe9 in Latin-1",
        "\xff\xfe\xc0\x80", "nonchars \xef\xbf\xbe\xef\xbf\xbf.", 'x' x 3_000_000, "\xe2\x82\xac" x 200, '',
        "a\r\nb\rc", '&#0; &#x1; %s %n');
    my $hostile = $t->repo('hostile', build => sub {
        my ($work) = @_;
        my ($n, $parent) = (0, '');
        for (@messages) {
            my $blob = $t->git($work, { stdin => "a\nb\n" }, qw(hash-object -w --stdin)) =~ s/\s//r;
            my $name = "f\033\001<i>]]>\xe9" . ++$n;
            my $tree = $t->git($work, { stdin => "100644 blob $blob\t$name\0" }, qw(mktree -z)) =~ s/\s//r;
            my $who = $n == @messages ? 'far off <a@x> 99999999999999 +0000'
                : "<b>\xe9</b>]]>\x02 <a\@x> 1400000000 +0000";
            my $commit = "tree $tree\n${parent}author $who\ncommitter $who\n\n$_";
            my $id = $t->git($work, { stdin => $commit }, qw(hash-object -t commit -w --literally --stdin)) =~ s/\s//r;
            $t->git($work, 'update-ref', 'refs/heads/master', $id);
            $parent = "parent $id\n";
        }
        $t->git($work, 'tag', 'a<b>&"]]>', 'master');
    });
    for my $kind (qw(rss atom)) {
        my $a = fetch('hostile', $kind);
        is($a->status, 200, "$kind is served");
        my $feed = parsed($a->body, "hostile $kind");
        is(scalar @{ $feed->{entries} }, scalar @messages, 'all entries');
        my %title = map { $_->{title} => 1 } @{ $feed->{entries} };
        ok($title{'x' x 157 . '...'}, 'a huge message is cut');
        ok($title{"\x{20ac}" x 157 . '...'}, 'by characters');
        ok($title{"caf\x{e9} in Latin-1"}, 'Latin-1 is read');
        unlike($a->body, qr/<script|<i>|<b>/, 'no markup of theirs');
        cmp_ok(length $a->body, '<', 100_000, 'no larger than it must be');
        my ($far) = $feed->{entries}[0]{link} =~ m{/(\w{40})$};
        is($feed->{entries}[0]{time}, 253402300799, 'a date far off is the last there is');
        is($t->get("/hostile/changeset-diff/$far")->status, 200, 'also for other views');
        like(join(' ', map { $_->{summary} } @{ $feed->{entries} }), qr/tag: a&lt;b&gt;&amp;/,
            'a tag with odd characters');
    }
};

subtest 'huge commits' => sub {
    my $files = '';
    $files .= "M 644 inline d/@{[$_ % 300]}/f$_\ndata " . length("$_\n") . "\n$_\n\n" for 1 .. 20_000;
    my $line = "a line of a file that is changed all over\n" x 20;
    my $huge = $t->repo('huge', build => sub {
        my ($work) = @_;
        my $big = join '', map { "$_ $line" } 1 .. 300;
        my $out = "commit refs/heads/master\ncommitter A <a\@x> 1400000000 +0000\ndata 4\nmany\n$files\n"
            . "commit refs/heads/master\ncommitter A <a\@x> 1400000001 +0000\ndata 5\nlarge\nM 644 inline big\ndata "
            . 6 * length($big) . "\n" . $big x 6 . "\n"
            . "commit refs/heads/master\ncommitter A <a\@x> 1400000002 +0000\ndata 3\ndel\nD d\n";
        $t->git($work, { stdin => $out }, qw(fast-import --quiet));
    });
    my $a = fetch('huge', 'rss');
    my $feed = parsed($a->body, 'huge');
    is(join(' ', map { $_->{title} } @{ $feed->{entries} }), 'del large many', 'entries');
    my @n = map { scalar(() = $_->{summary} =~ /^ [AD] /mg) } @{ $feed->{entries} };
    ok($n[0] > 50 && $n[0] <= 200 && $n[2] > 50 && $n[2] <= 200, 'some of their files') or diag "@n";
    like($feed->{entries}[$_]{summary}, qr/\n \.\.\. and more<\/pre>/, 'and that there are more') for 0, 2;
    like($feed->{entries}[1]{summary}, qr/\n A big<\/pre>/, 'lines of a large file are not counted');
    cmp_ok(length $a->body, '<', 60_000, 'size');
};

subtest 'who may read' => sub {
    $t->repo('secret', commits => 1, args => { owner => 'bob', private => JSON::PP::true() });
    my %token = map { $_ => $t->token('bob', '--role', $_) } qw(all http api feed vcs);
    my $status = sub { my ($path, $key) = @_; $t->get($path, key => $key)->status };
    for my $kind (qw(rss atom)) {
        is($status->("/secret/feed/$kind", $token{$_}), $_ eq 'vcs' ? 401 : 200, "$kind by a token for $_")
            for sort keys %token;
        is($status->("/secret/feed/$kind", $t->key('bob')), 200, 'by the main key, whatever the whitelist says');
        is($status->("/secret/feed/$kind", $t->key('eve')), 404, 'not by others');
        is($status->("/secret/feed/$kind", undef), 401, 'not by visitors');
        is($status->("/none/feed/$kind", undef), 401, 'who are not told what there is');
        is($status->("/group/history/feed/$kind", undef), 200, 'a public one by everybody');
    }
    is($status->('/secret/changeset-diff/tip', $token{feed}), 401, 'a token for feeds opens nothing else');
    is($status->('/group/history/changeset-diff/tip', $token{feed}), 200, '... that is not open to everybody');
    my $before = $t->get('/secret/feed/rss', as => 'bob')->header('ETag');
    is($t->get('/secret/feed/rss', as => 'eve', headers => ['If-None-Match' => $before])->status, 404,
        'an ETag opens nothing');
    $t->admin('anonymous', 'off');
    is($status->('/group/history/feed/rss', undef), 401, 'unless there are no visitors');
    is($status->('/group/history/feed/rss', $token{feed}), 200, 'a token does');
    is($t->get('/group/history/feed/html', as => 'bob')->status, 404, 'no other kind');
};

subtest 'with diffs' => sub {
    my $d = RCAPI::Test->new(directives => "RcapiFeedItems 20\nRcapiFeedIncludeDiff On\nRcapiFeedCutOff 2000\n");
    my $commit = sub {
        my ($work, $name, $text) = @_;
        RCAPI::Run::spew("$work/$name", $text);
        $d->git($work, 'add', '-A');
        $d->git($work, 'commit', '-q', '-m', $name)
    };
    my $r = $d->repo('diffs', build => sub {
        my ($work) = @_;
        $commit->($work, 'small', "a < b & c\n]]>\n\x01\xff\n");
        $commit->($work, 'long', join '', map { "line $_ of a long text\n" } 1 .. 500);
        $commit->($work, 'huge', join '', map { sprintf "%07d of a text that is too large to be read for a feed\n",
            $_ } 1 .. 60_000);
        $commit->($work, 'binary', join '', map { chr($_ * 7919 % 256) } 0 .. 3000);
        $d->git($work, 'commit', '-q', '--allow-empty', '-m', 'empty');
    });
    my $feed = parsed($d->get('/diffs/feed/atom', as => 'admin')->body, 'atom');
    my %text = map { $_->{title} => $_->{summary} } @{ $feed->{entries} };
    my $note = 'the diff is too large to be shown whole';
    my $diff = sub {
        my ($id) = map { split ' ' } $d->git($r->{work}, 'log', '--format=%H', "--grep=^$_[0]\$");
        $d->get("/diffs/changeset-diff/$id", as => 'admin')->body
    };
    my ($small) = $diff->('small') =~ /^(diff.*?)^\+\x01/ms;
    $small =~ s/&/&amp;/g;
    $small =~ s/</&lt;/g;
    $small =~ s/>/&gt;/g;
    like $text{small}, qr/\Q$small\E/, 'a small diff is there, as the view gives it';
    unlike $text{small}, qr/$note/, 'whole';
    like $text{long}, qr/^\+line 50 of a long text$/m, 'a long one';
    like $text{long}, qr/ of a long text\n\.\.\. $note/, 'is cut after a whole line, and says so';
    cmp_ok length $text{long}, '<', 3000, 'where the limit is';
    like $text{huge}, qr/huge.*\.\.\. $note/s, 'one that costs too much is left out';
    like $text{binary}, qr/$note|GIT binary patch/, 'a binary one';
    unlike $text{empty}, qr/diff --git|$note/, 'none of an empty commit';
    parsed($d->get('/diffs/feed/rss', as => 'admin')->body, 'rss');
    $d->done;
};

$t->done;
done_testing;
