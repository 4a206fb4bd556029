#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The raw text of gists (contract 03 §8): bytes, revisions, validators; who may read it; and that one
# that is closed or over looks like one that never was.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Test;

my $t = RCAPI::Test->new(mounts => ['/', '/closed'], whitelist => '', directives => <<'END');
RcapiMaxRequestBody 2000000
<Location "/">
    RcapiAccessControllersWhitelist GistsController:*
</Location>
<Location "/closed">
    RcapiAccessControllersWhitelist None
</Location>
END
$t->user($_) for qw(bob eve);

my %FILES = ('b.txt' => "two\nlines\n", 'a.html' => "<script>alert('ä€')</script>", 'empty' => '',
    "na me%&é" => "x\r\n\ty");

# The access id of a new gist of bob's.
sub gist {
    my (%args) = @_;
    return $t->must(create_gist => { files => { map { $_ => { content => $FILES{$_} } } keys %FILES }, %args },
        as => 'bob')->{gist}{access_id};
}

sub bytes { my $text = shift; utf8::encode($text); return $text }

# "status body"
sub answer {
    my ($path, %opt) = @_;
    my $a = $t->get("/_admin/gists/$path", %opt);
    return $a->status . ' ' . $a->body;
}

my $id = gist();
my $store = "$t->{dir}/data/repos/.rc_gist_store";
my $commit = $t->git("$store/$id", 'rev-parse', 'HEAD') =~ s/\s//r;
my $ALL = '200 ' . bytes(join "\n\n", map { $FILES{$_} } sort keys %FILES);
my $NONE = '404 Not Found';

subtest 'bytes' => sub {
    is(answer("$id/$_/raw", as => 'bob'), $ALL, "all files at $_") for 'tip', $commit, substr($commit, 0, 12), 0,
        'HEAD';
    is(answer("$id/tip/raw/", as => 'bob'), $ALL, 'with a slash at the end');
    for my $name (sort keys %FILES) {
        my $escaped = bytes($name) =~ s/([^A-Za-z0-9.])/sprintf '%%%02X', ord $1/ger;
        is(answer("$id/tip/raw/$escaped", as => 'bob'), '200 ' . bytes($FILES{$name}), "one file: $escaped");
        my $git = $t->git("$store/$id", 'show', 'HEAD:' . bytes($name));
        is($t->last->body, $git, 'as git has it');
    }
};

subtest 'headers' => sub {
    my $a = $t->get("/_admin/gists/$id/tip/raw/a.html", as => 'bob');
    is($a->header('Content-Type'), 'text/plain; charset=utf-8', 'plain text, whatever the name says');
    is($a->header('X-Content-Type-Options'), 'nosniff', 'nosniff');
    is($a->header('Content-Security-Policy'), "default-src 'none'; sandbox", 'sandbox');
    is($a->header('Content-Disposition'), undef, 'no disposition');
    is($a->header('Cache-Control'), 'private, no-cache', 'asked for again: it may be over by then');
    my $etag = $a->header('ETag');
    my $full = $t->get("/_admin/gists/$id/$commit/raw", as => 'bob');
    is($full->header('Cache-Control'), 'private, max-age=31536000, immutable', 'at a full id it is what it is');
    like($full->header('Last-Modified'), qr/ GMT$/, 'since then');
    my $brief = gist(lifetime => 60, files => { x => { content => 'y' } });
    chomp(my $its = $t->git("$t->{dir}/data/repos/.rc_gist_store/$brief", 'rev-parse', 'HEAD'));
    is($t->get("/_admin/gists/$brief/$its/raw", as => 'bob')->header('Cache-Control'), 'private, no-cache',
        'but for one that expires');
    my @if = (headers => ['If-None-Match' => $etag]);
    is($t->get("/_admin/gists/$id/tip/raw/a.html", as => 'bob', @if)->status, 304, 'not modified');
    is($t->get("/_admin/gists/@{[gist(files => { x => { content => 'y' } })]}/tip/raw", as => 'bob', @if)->status, 200,
        'another one is');
    is($t->get("/_admin/gists/$id/tip/raw/b.txt", as => 'bob', headers => [Range => 'bytes=0-2'])->body, 'two',
        'ranges');
    my $head = $t->get("/_admin/gists/$id/tip/raw/b.txt", as => 'bob', method => 'HEAD');
    is($head->status . $head->body, 200, 'HEAD');
    is($t->get("/_admin/gists/$id/tip/raw", as => 'bob', method => 'POST', body => '')->status, 405, 'no POST');
};

subtest 'what there is not' => sub {
    is(answer("$id/$_", as => 'bob'), $NONE, $_)
        for 'nope/raw', "$commit^/raw", '1/raw', ('f' x 40) . '/raw', 'tip/raw/nope', 'tip/raw/b.txt/x',
        'tip/raw/../b.txt', 'tip/raw/.git',
        'tip/raw/%2e%2e/%2e%2e/x', 'tip', 'tip/', 'raw', 'tip/raw.', 'tip/rawfile/b.txt';
    is(answer("$_/tip/raw", as => 'bob'), $NONE, "no gist '$_'") for 0, 99, -1, '..', '.', '%2e%2e', '.rc_tmp',
        'x' x 3000, "$id%20", "'--", '%ff', '*';
};

subtest 'who may read' => sub {
    my %gist = (public => $id, private => gist(gist_type => 'private'), closed => gist(acl_level => 'acl_private'),
        over => gist(lifetime => 0), gone => gist());
    $t->must(delete_gist => { gistid => $gist{gone} }, as => 'bob');
    $t->sql("UPDATE gist SET expires = 1 WHERE access_id = '$gist{over}'");
    my %token = map { $_ => $t->token('eve', '--role', $_) } qw(all http api feed vcs);
    my %see = ( # by a key that counts, by a visitor
        public => [$ALL, $ALL], private => [$ALL, $ALL], closed => [$ALL, $NONE], over => [$NONE, $NONE],
        gone => [$NONE, $NONE],
    );
    for my $public (1, 0) {
        $t->admin('anonymous', $public ? 'on' : 'off');
        for my $name (sort keys %gist) {
            my ($by_key, $by_visitor) = @{ $see{$name} };
            $by_visitor = '401 Unauthorized' unless $public;
            my $path = "$gist{$name}/tip/raw";
            is(answer($path, as => $_), $by_key, "$name by $_") for qw(bob eve admin);
            is(answer($path, key => $token{$_}), $by_key, "$name by a token for $_") for qw(all http api);
            is(answer($path, key => $token{$_}), $by_visitor, "$name by a token for $_") for qw(feed vcs);
            is(answer($path, key => $_), $by_visitor, "$name by " . ($_ // 'nobody')) for undef, 'nonsense';
        }
        is($t->get("/closed/_admin/gists/$id/tip/raw", as => 'bob')->status, 401, 'a key needs the whitelist');
        is($t->get("/closed/_admin/gists/$id/tip/raw")->status, $public ? 200 : 401, 'visitors do not');
    }
    $t->admin('anonymous', 'on');
    for my $headers ([], ['If-None-Match' => '*'], [Range => 'bytes=0-1']) {
        my @raw = map { $t->get("/_admin/gists/$gist{$_}/tip/raw", headers => $headers)->{raw} =~ s/^Date:.*\n//mr }
            qw(closed over gone);
        is($raw[$_], $raw[2], 'looks like none') for 0, 1;
    }
};

subtest 'the page, to which its url leads' => sub {
    my @html = (headers => [Accept => 'text/html']);
    my %files = (%FILES, large => 'x' x 1_100_000);
    my $made = $t->must(create_gist => { description => "<b> & more\nsecond", lifetime => 60,
        files => { map { $_ => { content => $files{$_} } } keys %files } }, as => 'bob')->{gist};
    my $path = $made->{url} =~ s{^http://[^/]+}{}r;
    my $page = $t->get($path, as => 'bob', @html);
    is($page->status . ' ' . $page->header('Content-Type'), '200 text/html; charset=utf-8', 'a page');
    my $html = $page->body;
    like($html, qr{<h1>&lt;b&gt; &amp; more</h1>\n<pre>\n&lt;b&gt; &amp; more\nsecond</pre>}, 'its description');
    like($html, qr{<dt>Owner<dd>bob\n}, 'its owner');
    like($html, qr{<dt>Expires<dd><time}, 'how long it is there');
    like($html, qr{<pre>\ntwo\nlines\n</pre>}, 'a text');
    like($html, qr{<pre>\n&lt;script&gt;alert\(}, 'escaped');
    like($html, qr{This file is empty}, 'an empty file');
    like($html, qr{too large to be shown here}, 'a large one');
    my @links = $html =~ m{href="(/_admin/gists/[^"]+/raw[^"]*)"}g;
    is(scalar @links, 6, 'links to the bytes of each file, and of all');
    is($t->get($_, as => 'bob')->status, 200, $_) for @links;
    is($t->get($path, as => 'bob', headers => ['If-None-Match' => $page->header('ETag')])->status, 304,
        'not modified');
    unlike($t->get('/_admin/gists/' . gist(files => { x => { content => 'y' } }), as => 'bob', @html)->body,
        qr{<h1>[^G]|<dt>Expires<dd>(?!never)}, 'without description and end');

    my %gist = (open => $id, closed => gist(acl_level => 'acl_private'), over => gist());
    $t->sql("UPDATE gist SET expires = 1 WHERE access_id = '$gist{over}'");
    for my $public ('off', 'on') {
        $t->admin('anonymous', $public);
        my %status = map { my $name = $_; map { ("$name $_" => $t->get("/_admin/gists/$gist{$name}",
            $_ eq 'nobody' ? () : (as => $_), @html)->status) } qw(eve nobody) } keys %gist;
        my $none = $public eq 'on' ? 404 : 401;
        is_deeply(\%status, { 'open eve' => 200, 'open nobody' => $public eq 'on' ? 200 : 401, 'closed eve' => 200,
            'closed nobody' => $none, 'over eve' => 404, 'over nobody' => $none }, "who sees it, visitors $public");
        my @looks = map { $t->get("/_admin/gists/$_", @html)->body =~ s{[0-9a-f]{40}|gists/\w+}{}gr } $gist{over}, 999;
        is($looks[0], $looks[1], 'one that is over looks like none');
    }
    is($t->get("/closed/_admin/gists/$id", as => 'bob', @html)->status, 401, 'a key needs the whitelist');
};

$t->done;
done_testing;
