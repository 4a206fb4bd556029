#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The pages of repositories of each type: what they show is what the tools print, every link of a page, of a feed and
# of an answer leads somewhere, and the headers keep scripts away.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use RCAPI::Page;
use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

my $HTML = { Accept => 'text/html' };
my $t = RCAPI::Test->new(whitelist => 'ChangesetController:index', directives => "RcapiSiteTitle \"A <site>\"\n");
my $png = "\x89PNG\r\n\x1a\n\0";
my $git = $t->repo('team/code',
    args => { description => "Code & <more>\nsecond", enable_downloads => JSON::PP::true() },
    build => sub {
        my ($work) = @_;
        RCAPI::Git::history($work, 60, 3);
        mkdir "$work/$_" for 'dir', 'dir/raw', 'dir/raw/archive';
        spew("$work/README.md", "# Read & <me>\n");
        spew("$work/dir/text", "one\n<two>\r\nthree");
        spew("$work/dir/raw/archive/x.zip", "no zip\n");
        spew("$work/dir/raw/archive/HEAD", "no head\n");
        spew("$work/picture.png", $png);
        spew("$work/binary", "a\0b");
        spew("$work/empty", '');
        spew("$work/large", "line\n" x 250_000);
        symlink 'dir/text', "$work/link";
        $t->git($work, 'add', '.');
        $t->git($work, 'commit', '-q', '-m', "A title & <more>\n\nThe body.");
        spew("$work/dir/text", "one\n<two>\r\nfour\n");
        $t->git($work, 'mv', 'README.md', 'README');
        $t->git($work, 'rm', '-q', 'binary');
        chmod 0755, "$work/dir/text";
        $t->git($work, 'commit', '-q', '-a', '-m', 'Several changes');
        $t->git($work, 'branch', 'fix/7', 'HEAD~3');
        $t->git($work, 'tag', 'v1.0', 'HEAD~1');
    });
$t->repo('none', empty => 1);
my @ids = split /\n/, $t->git($git->{path}, 'log', '--format=%H');

sub page {
    my ($path, %opt) = @_;
    my $a = $t->get($path, headers => $HTML, %opt);
    is($a->status, 200, "GET $path") or diag($a->body);
    return $a->body;
}

subtest 'the list' => sub {
    my $a = $t->get('/', headers => $HTML);
    is($a->header('Content-Security-Policy'), RCAPI::Page::policy($a->body), 'only our style, nothing else');
    is($a->header('X-Content-Type-Options'), 'nosniff', 'types are not guessed');
    is($a->header('Referrer-Policy'), 'same-origin', 'other sites do not see where a link was');
    is($a->header('Content-Type'), 'text/html; charset=utf-8', 'the type');
    like($a->body, qr{<a href="/team/code">team/code</a><br><span class=dim>Code &amp; &lt;more&gt;</span>}, 'a row');
    like($a->body, qr{<a href="/none">none</a><td}, 'no description that only repeats the name');
    like($a->body, qr{<title>Repositories - A &lt;site&gt;</title>}, 'the name of the site');
    for (['cod', 1], ['CODE', 1], ['code & <MORE', 1], ['100%', 0], ['c_de', 0]) {
        my ($words, $fits) = @$_;
        my $found = page('/?q=' . $words =~ s/(\W)/sprintf '%%%02x', ord $1/ger);
        is($found =~ m{href="/team/code"} ? 1 : 0, $fits, "filter $words");
        unlike($found, qr{href="/none"}, '... leaves others out');
    }
    my $list = '/?q=team%2F';
    like(page('/team/code'), qr{<h1><a class=dim href="\Q$list\E">team/</a><a href="/team/code">code</a></h1>},
        'a repository leads to those of its group');
    like(page($list), qr{href="/team/code"}, '... which are these');
    for (['/team', 302, $list], ['/team/', 302, $list], ['/tea', 401], ['/none', 200]) {
        my ($path, $status, $to) = @$_;
        my $b = $t->get($path, headers => $HTML);
        is_deeply([$b->status, scalar $b->header('Location')], [$status, $to], "the URL of a group: $path");
    }
    is($t->get('/team')->status, 404, '... for browsers only');
    $t->must(create_repo_group => { group_name => 'dark' });
    $t->must(grant_user_permission_to_repo_group => { repogroupid => 'dark', userid => 'default',
        perm => 'group.none' });
    is($t->get('/dark', headers => $HTML)->status, 401, '... and who may read it');
    like(page('/?q=zzz'), qr/No repository fits/, 'nothing fits');
    like(page('/?page=999'), qr/no repository/, 'a page behind the last');
};

subtest 'a commit' => sub {
    my $html = page("/team/code/changeset/$ids[0]");
    like($html, qr{<pre>Several changes\n</pre>}, 'the message');
    like(RCAPI::Page::text($html), qr/Ann Author <ann\@example\.org>/, 'the author');
    my $raw = $t->get("/team/code/changeset-diff/$ids[0]")->body;
    my (@lines, $in);
    for (split /\n/, $raw) {
        $in = /^@@/ ? 1 : /^diff --git/ ? 0 : $in;
        push @lines, s/\r//r if $in && /^[-+ ]/;
    }
    is_deeply([RCAPI::Page::diff_lines($html)], \@lines, 'all lines of the diff');
    my @numbers = RCAPI::Page::diff_numbers($html);
    is_deeply([@numbers[grep { $lines[$_] =~ /three|four/ } 0 .. $#lines]], [[3, ''], ['', 3]],
        '... with their numbers');
    like($html, qr{renamed from README\.md}, 'a rename');
    like($html, qr{<td colspan=3>new mode 100755}, 'a mode');
    like($html, qr{<td class="fix num">binary}, 'a binary file');
    for (split /\n/, $t->git($git->{path}, qw(show -M --format= --numstat), $ids[0])) {
        my ($added, $deleted, $path) = split /\t/;
        next if $added eq '-' || $path =~ /=>/;
        like($html, qr{>\Q$path\E</a>.*\n?.*\+$added</span> <span class=del>-$deleted<}, "$path: +$added -$deleted");
    }
    like($html, qr{<a class=id href="/team/code/changeset/$ids[1]">}, 'its parent');
    like($html, qr{href="/team/code/$_/$ids[0]"}, $_) for qw(changeset-diff changeset-patch);
    like($html, qr{href="/team/code/archive/$ids[0]\.zip"}, 'archives');
    my $large = page("/team/code/changeset/$ids[1]");
    like($large, qr/too large to be shown here: see the <a href="[^"]*changeset-diff/, 'a diff that is too large');
    like($large, qr{<td>dir/text<td class="fix num"><span class=add>\+3}, '... but its files');
    is($t->get("/team/code/changeset/$ids[0]", headers => { 'If-None-Match' => '"x"' })->status, 200, 'another ETag');
    my $etag = $t->last->header('ETag');
    is($t->get("/team/code/changeset/$ids[0]", headers => { 'If-None-Match' => $etag })->status, 304, 'the same one');
    $t->must(comment_commit => { repoid => 'team/code', commit_id => $ids[0], message => "It's <good>",
        status => 'approved' });
    $html = $t->get("/team/code/changeset/$ids[0]", headers => { 'If-None-Match' => $etag })->body;
    like($html, qr{admin, <time.*: <strong>approved</strong></p>\n<pre>It&#39;s &lt;good&gt;</pre>}, 'a comment');
    my $say = sub {
        $t->must(comment_commit => { repoid => 'team/code', commit_id => $ids[0], message => 'mend it', @_ });
    };
    $say->(comment_type => 'todo');
    my $list = $t->must(get_repo_comments => { repoid => 'team/code', comment_type => 'todo' });
    my $older = "/team/code/changeset/$ids[0]?after=" . ($list->[0]{comment_id} + 1);
    like(page($older), qr{admin, <time.*</time> <span class=ref>To do</span></p>\n<pre>mend it</pre>}, 'a to-do');
    $etag = $t->last->header('ETag');
    $say->(resolves_comment_id => $list->[0]{comment_id});
    like($t->get($older, headers => { %$HTML, 'If-None-Match' => $etag })->body,
        qr{admin, <time.*</time> <span class=ref>Done</span></p>\n<pre>mend it</pre>}, '... that is done');
    is($t->get("/team/code/changeset/$_", headers => $HTML)->status, 404, "no commit $_") for 'f' x 40, 'nope', '9999';
    like(page("/none"), qr/no commits yet/, 'an empty repository');
    like(page("/none/$_"), qr/no (?:commits yet|branches)/i, "... its $_") for qw(changelog refs files files/tip);
};

subtest 'files' => sub {
    my $html = page('/team/code/files/tip');
    my @shown = $html =~ m{<tr><td><a href="/team/code/files/tip/[^"]*">([^<]*?)/?</a>}g;
    is_deeply([sort @shown], [sort split /\n/, $t->git($git->{path}, qw(ls-tree --name-only HEAD))], 'a directory');
    like($html, qr{<h2>README</h2>\n<pre># Read &amp; &lt;me&gt;\n</pre>}, 'its README');
    $html = page('/team/code/files/tip/dir/text');
    like($html, qr{<tr id=L2><th><a href="#L2">2</a><td>&lt;two&gt;\n}, 'a line');
    is((() = $html =~ /<tr id=/g), 3, 'three of them');
    like($html, qr/, executable/, 'a program');
    like(page('/team/code/files/tip/picture.png'),
        qr{<img src="/team/code/raw/$ids[0]/picture\.png" alt="picture\.png">}, 'a picture');
    like(page("/team/code/files/$ids[1]/binary"), qr/no text.*|3 bytes/, 'a binary file');
    like(page("/team/code/files/$ids[1]/large"), qr/too large to be shown/, 'a large file');
    like(page('/team/code/files/tip/empty'), qr/is empty/, 'an empty one');
    like(page('/team/code/files/tip/link'), qr{, link.*<td>dir/text\n}s, 'a link');
    like(page('/team/code/files/tip/dir/raw/archive/x.zip'), qr/no zip/, 'a path that looks like a raw view');
    like(page('/team/code/files/tip/dir/raw/archive/HEAD'), qr/no head/, '... or like git');
    is($t->get('/team/code/files/tip/dir/none', headers => $HTML)->status, 404, 'no such path');
    is($t->get('/team/code/raw/tip/dir/raw/archive/x.zip')->body, "no zip\n", 'the raw view is still there');
};

subtest 'lists of commits' => sub {
    my $html = page('/team/code/changelog');
    my @shown = $html =~ m{<td><a href="/team/code/changeset/(\w+)">}g;
    is_deeply(\@shown, [@ids[0 .. 49]], 'the first page');
    my ($older) = $html =~ m{rel=next href="([^"]+)"};
    @shown = page($older) =~ m{<td><a href="/team/code/changeset/(\w+)">}g;
    is_deeply(\@shown, [@ids[50 .. $#ids]], 'the next one');
    my @branch = split /\n/, $t->git($git->{path}, 'log', '--format=%H', 'fix/7');
    @shown = page('/team/code/changelog?branch=fix%2F7') =~ m{<td><a href="/team/code/changeset/(\w+)">}g;
    is_deeply(\@shown, [@branch[0 .. 49]], 'a branch');
    is($t->get("/team/code/changelog?$_=none", headers => $HTML)->status, 404, "no such $_") for qw(branch tag);
    @shown = page('/team/code/changelog?tag=v1.0') =~ m{<td><a href="/team/code/changeset/(\w+)">}g;
    is($shown[0], $ids[1], 'a tag');
    like($html, qr{<span class=ref>v1\.0</span>}, 'a tag');
    like(page('/team/code/refs'), qr{href="/team/code/archive/v1\.0\.tar\.gz">tar\.gz</a>}, 'an archive of a tag');
};

# In a repository whose branch, tag and numbers of commits have the same names.
subtest 'names that are used twice' => sub {
    my $twice = $t->repo('twice', commits => 4, args => { enable_downloads => 'true' });
    my @line = reverse split /\n/, $t->git($twice->{path}, qw(log --format=%H master));
    $t->git($twice->{path}, 'update-ref', @$_) for ['refs/heads/same', $line[1]], ['refs/tags/same', $line[2]],
        ['refs/heads/0', $line[3]], ['refs/tags/1', $line[0]], ['refs/tags/v.zip', $line[2]];
    my $first = sub { (page("/twice/changelog?$_[0]") =~ m{<td><a href="/twice/changeset/(\w+)">})[0] };
    is_deeply({ map { $_ => $first->($_) } qw(branch=same tag=same branch=0 tag=1) },
        { 'branch=same' => $line[1], 'tag=same' => $line[2], 'branch=0' => $line[3], 'tag=1' => $line[0] },
        'the parameter says which');
    is($t->get("/twice/changelog?$_", headers => $HTML)->status, 404, "$_: not of this kind")
        for 'tag=0', 'branch=1', 'bookmark=same', "tag=$line[0]", 'branch=tip';
    my @archives = page('/twice/refs') =~ m{<td><a href="[^"]*">\w+</a>.*href="/twice/archive/(\w+)\.zip"}g;
    is_deeply([sort @archives], [sort 'master', 'same', @line[2, 3, 0]], 'archives of what is named');
    my @links = page('/twice/refs') =~ m{">v\.zip</a>.*href="(\S+\.tar\.gz)".*href="(\S+\.zip)"};
    is_deeply([map { $t->get($_)->status } @links], [200, 200], 'also of one that is called like an archive');
};

# Two lines of 40 commits in turns, and their merge: no commit reaches all that come after it in the list.
subtest 'the pages of a branch with a merge' => sub {
    my @mark = (0, 0);
    my $text = join '', map {
        my $line = $_ % 2;
        my $from = $mark[$line] ? "from :$mark[$line]\n" : '';
        $mark[$line] = $_;
        "commit refs/heads/line$line\nmark :$_\ncommitter A <a\@b> " . (1_600_000_000 + $_) . " +0000\ndata 1\nx$from";
    } 1 .. 80;
    my $two = $t->repo('two', empty => 1);
    $t->git($two->{path}, { stdin => "${text}commit refs/heads/master\ncommitter A <a\@b> 1700000000 +0000\n"
        . "data 1\nyfrom :80\nmerge :79\ndone\n" }, qw(fast-import --quiet --done));
    my ($url, @shown) = '/two/changelog?branch=master';
    while ($url) {
        my $html = page($url);
        push @shown, $html =~ m{<td><a href="/two/changeset/(\w+)">}g;
        ($url) = $html =~ m{rel=next href="([^"]+)"};
    }
    is_deeply([sort @shown], [sort split /\n/, $t->git($two->{path}, 'log', '--format=%H', 'master')], 'all, once');
};

subtest 'addresses of other programs' => sub {
    is(page("/team/code/$_->[0]"), page("/team/code$_->[1]"), $_->[0]) for ['summary', ''], ['commits', '/changelog'];
    like(page("/team/code/annotate/$ids[0]/dir/text"), qr/<tr id=L1>/, 'annotate');
    my $html = page("/team/code/diff/dir/text?diff1=$ids[1]&diff2=$ids[0]&diff=diff+to+revision");
    is_deeply([grep { /^[-+]/ } RCAPI::Page::diff_lines($html)], ['-three', '+four'], 'diff');
    is(page("/team/code/diff/dir/text?diff1=$ids[1]&diff2=$ids[0]"), $html, '... without the parameter diff');
    like($t->get("/team/code/diff/dir/text?diff1=$ids[1]&diff2=$ids[0]&diff=raw")->body, qr/^diff --git/,
        'the raw one');
    is($t->get("/team/code/diff/dir/text?diff=x&$_", headers => $HTML)->status, 404, "diff of $_")
        for "diff1=nope", "diff1=$ids[0]&diff2=nope";
    is($t->get("/team/code/diff/dir/text?diff=x", headers => $HTML)->status, 400, 'diff of nothing');
    my ($repo) = grep { $_->{repo_name} eq 'team/code' } @{ $t->must(get_repos => {}) };
    like(page("/_$repo->{repo_id}/any/files/tip/dir/text"), qr/<tr id=L1>/, 'a repository by its id');
    like(page("/_$repo->{repo_id}"), qr/Last commits/, '... alone');
};

subtest 'every link leads to a page' => sub {
    my @start = ('/', "/team/code/changeset/$ids[0]", map { "/team/code/feed/$_" } qw(atom rss));
    my @found = RCAPI::Page::crawl($t, \@start, 400);
    cmp_ok(scalar @found, '>', 150, 'links: ' . @found);
    is(join("\n", map { "$_->[0]: " . $_->[1]->status } grep { $_->[1]->status != 200 } @found), '', 'each is there');
    my @pages = grep { $_->[1]->header('Content-Type') =~ m{^text/html} } @found;
    is(join("\n", map { my $url = $_->[0]; map { "$url: $_" } RCAPI::Page::faults($_->[1]->body) } @pages), '',
        'each is of the form of ours');
    my $url = $t->must(get_repo => { repoid => 'team/code' })->{url};
    is($t->get($url =~ s{^http://[^/]+}{}r, headers => $HTML)->status, 200, 'the url of get_repo');
};


# A reader can set any number of statuses. The work on a page grows as they do, not as their square: that of these was
# ten seconds.
subtest 'a commit with many statuses' => sub {
    my $url = "/team/code/changeset/$ids[2]";
    $t->user($_) for qw(first second);
    $t->sql("WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < 20000)
        INSERT INTO changeset_status (repo_id, user_id, revision, status, created_on)
        SELECT r.repo_id, u.user_id, '$ids[2]', 'under_review', 1 FROM repo r, users u, k
         WHERE r.repo_name = 'team/code' AND u.username = CASE WHEN k.n < 10000 THEN 'first' ELSE 'second' END");
    $t->must(comment_commit => { repoid => 'team/code', commit_id => $ids[2], message => 'm', status => $_->[1] },
        as => $_->[0]) for [first => 'rejected'], [second => 'approved'];
    my $worked = sub {
        my $ticks = 0;
        for ($t->children) { my @of = split / /, slurp("/proc/$_/stat") =~ s/.*\) //sr; $ticks += $of[11] + $of[12] }
        return $ticks / 100;
    };
    my $before = $worked->();
    like(page($url), qr{<dt>Review<dd>first <span class=ref>Rejected</span>\nsecond <span class=ref>Approved</span>},
        'the newest of each');
    cmp_ok($worked->() - $before, '<', 2, 'in little time');
};

$t->done;
done_testing;
