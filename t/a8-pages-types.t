#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Pages of Subversion and Mercurial repositories, and no text of anybody becomes markup: a table of payloads in every
# field that pages show, checked as text, and in a browser when there is one. The faces of svn and hg stay reachable.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use RCAPI::Browser;
use RCAPI::Page;
use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

my $MODULE = ($ENV{RCAPI_BUILD} // 'build') . '/mod_rcapi.so';
my $SVN = RCAPI::Run::run({ root => 1 }, 'ldd', $MODULE)->{out} =~ /\blibsvn_repos/ && require RCAPI::Svn;
my $HG = slurp($MODULE) =~ /a Mercurial repository with the requirement/ && require RCAPI::Hg;
my $HTML = { Accept => 'text/html,*/*' };

my @PAYLOADS = (
    '<script>document.title="RAN"</script>', '"><img src=x onerror=document.title="RAN">',
    "' onmouseover='document.title=1' x='", 'javascript:document.title="RAN"',
    '</pre></title></style><svg onload=a()>',
    '&lt;b&gt;&#60;', "\xe2\x80\xae\xff\xfe\x01<\xc0\xbcscript>", '{{1+1}}${1}<!--', ']]><?php x ?>',
);
my $t = RCAPI::Test->new(mounts => ['/', '/proxied', '/off'], directives => <<'END',
RcapiSiteTitle "<script>document.title=1</script>"
<Location /proxied>
RcapiBaseUrl https://forge.example/code
</Location>
<Location /off>
RcapiGit Off
RcapiSvn Off
RcapiHg Off
</Location>
END
    $SVN ? (modules => ['dav', 'dav_svn']) : ());
my $utf8 = sub { $_[0] =~ s/[^\x01-\x7f]|\x01/?/gr }; # for arguments of the API
my $user = '"><script>x()</script>' =~ tr/"<>()//dr;
$t->user($user, firstname => $PAYLOADS[0], lastname => $PAYLOADS[1]);
my $evil = $t->repo("it's &amp;x", args => { description => join(' ', map { $utf8->($_) } @PAYLOADS), owner => $user,
        enable_downloads => JSON::PP::true() },
    build => sub {
        my ($work) = @_;
        RCAPI::Git::history($work, 1, 1);
        my $n = 0;
        for my $text (@PAYLOADS) {
            my $name = $text =~ tr{/\0}{__}r;
            spew("$work/$name", "$text\n");
            mkdir "$work/d$name";
            spew("$work/d$name/README", join "\n", @PAYLOADS);
            $t->git($work, 'add', '.');
            my $author = $text =~ tr/<>\n//dr;
            $t->git($work, { env => { GIT_AUTHOR_NAME => $text, GIT_AUTHOR_EMAIL => $author } }, 'commit', '-q', '-m',
                "$text\n\n$text");
            (my $ref = 'r' . $n++ . $text) =~ s/[\x00-\x20\x7f~^:?*\[\\]|\.\.|\@\{|\/|\.\z//g;
            $t->git($work, 'tag', $ref);
            $t->git($work, 'branch', "b$ref");
        }
    });
my @ids = split /\n/, $t->git($evil->{path}, 'log', '--format=%H');
my $base = '/' . $evil->{name} =~ s/([^\w\/])/sprintf '%%%02X', ord $1/ger;
for my $text (map { $utf8->($_) } @PAYLOADS) {
    $t->must(comment_commit => { repoid => $evil->{name}, commit_id => $ids[0], message => $text });
}

# The command that the page of a repository shows; whatever the mount is, and none where its clients are not served.
sub test_command {
    my ($url, $command) = @_;
    my $shown = sub {
        my ($mount) = @_;
        return $t->get("$mount$url", headers => $HTML)->body =~ m{<dt>Get a copy<dd><code>([^<]*)</code>} ? $1 : '';
    };
    is($shown->(''), "$command " . $t->url . $url, 'how to get a copy');
    is($shown->('/proxied'), "$command https://forge.example/code$url", '... by the URL of a proxy');
    is($shown->('/off'), '', '... and nothing where it is switched off');
}

subtest 'git' => sub { test_command($base, 'git clone') };

subtest 'payloads' => sub {
    my @start = ('/', $base, "$base/refs", "$base/changelog", (map { "$base/changeset/$_" } @ids), "$base/files/tip/",
        (map { '/?q=' . s/(\W)/sprintf '%%%02x', ord $1/ger } @PAYLOADS));
    my @found = RCAPI::Page::crawl($t, \@start, 400);
    my @pages = grep { $_->[1]->header('Content-Type') =~ m{^text/html} } @found;
    cmp_ok(scalar @pages, '>', 60, 'pages: ' . @pages);
    is(join("\n", map { "$_->[0]: " . $_->[1]->status } grep { $_->[1]->status != 200 } @found), '', 'each is there');
    is(join("\n", map { my $url = $_->[0]; map { "$url: $_" } RCAPI::Page::faults($_->[1]->body) } @pages), '',
        'each is of the form of ours');
    is(join(' ', grep { $_->[1]->header('Content-Security-Policy') ne RCAPI::Page::policy($_->[1]->body) } @pages), '',
        'each has the policy');
    for my $path (map { s/(\W)/sprintf '%%%02x', ord $1/ger } grep { !/\0/ } @PAYLOADS) {
        for my $url ("$base/files/tip/x$path", "$base/changeset/x$path", "/x$path", "$base/changelog?branch=x$path",
            "$base/diff/x?diff=$path&diff1=$path") {
            my $a = $t->get($url, headers => $HTML);
            cmp_ok($a->status, '>=', 400, "$url is refused");
            is(join("\n", RCAPI::Page::faults($a->body)), '', '... in the form of ours')
                if $a->header('Content-Type') =~ /html/ && $a->body !~ /^<!DOCTYPE HTML PUBLIC/; # httpd's own
        }
    }
};

subtest 'in a browser' => sub {
    my $browser = RCAPI::Browser->new($t->dir . '/home') or plan skip_all => 'chromium is not installed';
    for my $path ('/', $base, "$base/changeset/$ids[0]", "$base/changeset/$ids[1]", "$base/files/tip/", "$base/refs") {
        my $page = $browser->open($t->url . $path);
        is($page->{error}, undef, "$path loads");
        isnt($page->{title}, 'RAN', '... and no script has run');
        isnt($page->{title}, '1', '... of any other kind');
        unlike($page->{html}, qr/<script|<svg|onerror=(?!document)/, '... or has become an element');
    }
    is($browser->close, '', 'nothing is left of the browser');
};

subtest 'Subversion' => sub {
    plan skip_all => 'built without libsvn' if !$SVN;
    my $dump = RCAPI::Svn->dump;
    $dump->revision(log => $PAYLOADS[0], author => 'ann <x>');
    $dump->dir($_) for qw(trunk branches branches/b1 tags trunk/files);
    $dump->file('trunk/a', "one\ntwo\n");
    $dump->file('trunk/files/x', "page?\n");
    $dump->revision(log => 'second');
    $dump->edit('trunk/a', "one\n2\n", { 'svn:eol-style' => 'native' });
    $dump->revision(log => 'third');
    $dump->dir("branches/$_", { 'svn:ignore' => "*.o\n" }) for qw(b2 b3);
    $dump->revision(log => 'fourth');
    $dump->remove('branches/b2');
    $dump->serve($t, 'sub');
    my @found = RCAPI::Page::crawl($t, ['/sub', map { "/sub/feed/$_" } qw(atom rss)], 100);
    cmp_ok(scalar @found, '>', 15, 'links: ' . @found);
    is(join("\n", map { "$_->[0]: " . $_->[1]->status } grep { $_->[1]->status != 200 } @found), '', 'each is there');
    is(join("\n", map { my $url = $_->[0]; map { "$url: $_" } RCAPI::Page::faults($_->[1]->body) }
        grep { $_->[0] !~ m{/raw} && $_->[1]->header('Content-Type') =~ m{^text/html} } @found), '', 'each is ours');
    my $html = $t->get('/sub/changeset/2', headers => $HTML)->body;
    is_deeply([grep { /^[-+]/ } RCAPI::Page::diff_lines($html)], ['-two', '+2'], 'a diff');
    like($html, qr/svn:eol-style/, '... with properties');
    my $gone = $t->get('/sub/changeset/4', headers => $HTML)->body;
    like($gone, qr{>branches/b2</a><td class="fix more">deleted}, 'a directory that is gone, with its properties');
    like($gone, qr{<h3 id=f1>branches/b2</h3>}, '... has no link');
    like($t->get('/sub/changeset/3', headers => $HTML)->body,
        qr{<h3 id=f1><a href="/sub/files/3/branches/b2">branches/b2</a></h3>}, '... until it went');
    test_command('/sub', 'svn checkout');
    is($t->get('/sub/trunk/a', headers => $HTML)->body, "one\n2\n", 'a file below it is served by mod_dav_svn');
    is($t->get('/sub/trunk/files/x', headers => $HTML)->body, "page?\n", '... whatever its path');
    like($t->get('/sub/trunk/', headers => $HTML)->body, qr/Revision 4/, 'and a directory');
    my $login = sub {
        my ($secret) = $t->get('/_admin/login', headers => $HTML)->body =~ /name=csrf_token value="(\w+)"/;
        my $a = $t->get('/_admin/login', method => 'POST', headers => { Cookie => "rcapi-form=$secret" },
            body => "username=admin&password=$t->{password}&csrf_token=$secret");
        return { %$HTML, Cookie => $a->header('Set-Cookie') =~ s/;.*//r };
    }->();
    is($t->get('/sub/trunk/files/x', headers => $login)->header('Location'), '/sub/files/tip/trunk/files/x',
        'a session gets the page of the file');
    is($t->get('/sub/trunk/files/x', headers => $login)->status, 302, '... by a redirection');
    like(RCAPI::Svn::svn('ls', '-R', $t->url . '/sub'), qr{^trunk/files/x$}m, 'svn');
};

subtest 'Mercurial' => sub {
    plan skip_all => 'built without libzstd' if !$HG;
    my $path = "$t->{dir}/data/repos/mer";
    RCAPI::Hg::hg('init', $path);
    my @hg = RCAPI::Hg::build($path,
        { files => { a => { data => "one\n" } }, desc => $PAYLOADS[0], user => $PAYLOADS[1] },
        { files => { a => { data => "two\n" } }, branch => 'side', desc => 'second', bookmarks => ['book'] },
        { parents => [0], files => { b => { data => "three\n" } }, desc => 'third' });
    $t->must('rescan_repos');
    my @found = RCAPI::Page::crawl($t, ['/mer', map { "/mer/feed/$_" } qw(atom rss)], 100);
    is(join("\n", map { "$_->[0]: " . $_->[1]->status } grep { $_->[1]->status != 200 } @found), '',
        'each link is there');
    is(join("\n", map { my $url = $_->[0]; map { "$url: $_" } RCAPI::Page::faults($_->[1]->body) }
        grep { $_->[1]->header('Content-Type') =~ m{^text/html} } @found), '', 'each page is ours');
    my $html = $t->get("/mer/changeset/$hg[1]", headers => $HTML)->body;
    is_deeply([RCAPI::Page::diff_lines($html)], ['-one', '+two'], 'a diff');
    like($html, qr{<dt>Branch<dd>side}, 'the branch');
    test_command('/mer', 'hg clone');
    my @shown = $t->get('/mer/changelog?branch=side', headers => $HTML)->body =~ m{<td><a href="/mer/changeset/(\w+)}g;
    is_deeply(\@shown, [$hg[1]], 'the commits of a branch');
    like($t->get('/mer/refs', headers => $HTML)->body, qr{Bookmarks.*>book</a>}s, 'a bookmark');
};

subtest 'text in Latin-1' => sub {
    my $latin = $t->repo('latin', build => sub {
        my ($work) = @_;
        spew("$work/f", "\xe4\xf6<\xfc \xc3\xa4\x80\n");
        $t->git($work, 'add', '.');
        $t->git($work, 'commit', '-q', '-m', 'one');
    });
    my $line = "\xc3\xa4\xc3\xb6&lt;\xc3\xbc \xc3\xa4\xef\xbf\xbd";
    my $head = $t->git("$t->{dir}/data/repos/latin", 'rev-parse', 'HEAD') =~ s/\s//gr;
    like($t->get($_, headers => $HTML)->body, qr/\Q$line/, "$_ shows its letters")
        for "/latin/files/$head/f", "/latin/changeset/$head";
};

$t->done;
done_testing;
