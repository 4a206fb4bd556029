#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The pages of pull requests (contract 10 §3): the list, one with its comments and diff, and the forms of those who
# have logged in.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use RCAPI::Page;
use RCAPI::Run qw(spew);
use RCAPI::Test;

my %HTML = (Accept => 'text/html');
my $t = RCAPI::Test->new(whitelist => 'PullrequestsController:show');
my %password = map { $_ => "pw-$_-" . RCAPI::Git::random_hex(8) } qw(own rev eve);
$t->user($_, password => $password{$_}) for sort keys %password;
$t->user('ann');
my $repo = $t->repo('team/code', commits => 3, args => { owner => 'own' });
$t->must(fork_repo => { repoid => 'team/code', fork_name => 'ann/code', owner => 'ann' });
my $work = $repo->{work};

sub git { return $t->git($work, @_) =~ s/\n\z//r }

# A branch of the fork with files; offers it, and returns the number of the pull request.
sub offer {
    my ($branch, $files, %args) = @_;
    git('checkout', '-q', '-B', $branch, delete $args{from} // 'master');
    spew("$work/$_", $files->{$_}) for sort keys %$files;
    git(@$_) for ['add', '-A'], ['commit', '-q', '-m', "On <$branch>"],
        ['push', '-q', '-f', "$t->{dir}/data/repos/ann/code", $branch];
    return $t->must(create_pull_request => { source_repo => 'ann/code', target_repo => 'team/code',
        source_ref => "branch:$branch", target_ref => 'branch:master', title => "Title <$branch>", %args },
        as => 'ann')->{pull_request_id};
}

sub page {
    my ($path, %headers) = @_;
    my $a = $t->get($path, headers => [%HTML, %headers]);
    is($a->status, 200, "GET $path") or diag($a->body);
    is(join("\n", RCAPI::Page::faults($a->body)), '', '... in the form of ours');
    return $a->body;
}

my %cookie;
sub login {
    my ($name) = @_;
    my ($secret) = page('/_admin/login') =~ /name=csrf_token value="(\w+)"/;
    my $a = $t->get('/_admin/login', method => 'POST', headers => { Cookie => "rcapi-form=$secret" },
        body => "username=$name&password=$password{$name}&csrf_token=$secret");
    ($cookie{$name}) = $a->header('Set-Cookie') =~ /^(rcapi=\w+)/ or die $a->status;
    $t->secret($cookie{$name} =~ /=(\w+)/);
}

# Posts the form that the page of a pull request has for an action, with these fields.
sub act {
    my ($name, $id, $action, %fields) = @_;
    my $html = page("/team/code/pull-request/$id", Cookie => $cookie{$name});
    my ($secret) = $html =~ /name=csrf_token value="(\w+)"/;
    my ($source) = $html =~ /name=source_id value="(\w+)"/;
    %fields = (csrf_token => $secret, pull_request_id => $id, source_id => $source, %fields);
    return $t->get("/_admin/pull_request/$action", method => 'POST', headers => [%HTML, Cookie => $cookie{$name}],
        body => join '&', map { "$_=" . $fields{$_} =~ s/(\W)/sprintf '%%%02X', ord $1/ger } sort keys %fields);
}

my $one = offer('one', { new => "1\n2\n" }, description => "Why & <how>\n", reviewers => ['rev']);
my $two = offer('two', { other => "x\n" });
my $big = offer('big', { map { ("big$_" => "line\n" x 110_000) } 1, 2 });
git('checkout', '-q', 'master');
spew("$work/fast", "more\n"); # the target goes on
git(@$_) for ['add', '-A'], ['commit', '-q', '-m', 'fast'], ['push', '-q', $repo->{path}, 'master'];

subtest 'the list' => sub {
    my $html = page('/team/code/pull-request');
    is_deeply([$html =~ m{<a href="/team/code/pull-request/(\d+)">}g], [$big, $two, $one], 'the open ones');
    like($html, qr{>Title &lt;one&gt;</a><br><span class=dim>ann/code: one into master</span>}, 'a row');
    like($html, qr{<a href="/team/code/pull-request" aria-current=page>Pull requests</a>}, 'its tab');
    like(page('/team/code/pull-request?status=closed'), qr/No pull request is closed/, 'no closed ones');
    unlike(page("/team/code/pull-request?after=$two"), qr{pull-request/$two"}, 'those before one');
    like(page('/ann/code/pull-request'), qr/No pull request is open\..*<code>create/, 'none into the fork');
    unlike(page('/team/code/pull-request'), qr/<form/, 'no form for a visitor');
};

subtest 'one' => sub {
    $t->must(comment_pull_request => { repoid => 'team/code', pullrequestid => $one, message => 'It is <good>',
        f_path => 'new', line_no => 'n1', comment_type => 'todo' }, as => 'own');
    my $html = page("/team/code/pull-request/$one");
    like($html, qr{<h2>Title &lt;one&gt; <span class=dim>#$one</span> <span class=ref>Open</span></h2>}, 'title');
    like($html, qr{<pre>Why &amp; &lt;how&gt;\n</pre>}, 'description');
    like($html, qr{<dt>From<dd><a href="/ann/code">ann/code</a>: one\n<dt>Into<dd>master\n}, 'source and target');
    like($html, qr{<dt>Reviewers<dd>rev <span class=ref>Not Reviewed</span>}, 'a reviewer');
    like($html, qr{<dt>Merge<dd>This pull request can be automatically merged\.}, 'it can be merged');
    like($html, qr{<span class=id>new:n1</span> <span class=ref>To do</span></p>\n<pre>It is &lt;good&gt;</pre>},
        'an inline comment');
    like($html, qr{Auto status change.*<pre>It is &lt;good&gt;</pre>}s, '... in the order of time');
    like($html, qr{<th>1<td>\+1\n<tr class=h><td colspan=3><a href="#comment-\d+">own</a>: It is &lt;good&gt;\n<tr},
        '... below its line');
    like($html, qr{<td>On &lt;one&gt;<td class="more who">}, 'a commit');
    is_deeply([RCAPI::Page::diff_lines($html)], ['+1', '+2'], 'the diff against where the target was');
    unlike($html, qr/<textarea|csrf_token/, 'no form for a visitor');
    like(page("/team/code/pull-request/$big"), qr/The diff is too large to be shown here/, 'a large one');
    is($t->get("/team/code/pull-request/$_", headers => {%HTML})->status, 404, "none: $_")
        for 999, 'x', '-1', '1' x 30;
    is($t->get("/ann/code/pull-request/$one", headers => {%HTML})->status, 404, 'it belongs to its target');
};

subtest 'forms' => sub {
    login($_) for qw(own rev eve);
    unlike(page("/team/code/pull-request/$one", Cookie => $cookie{eve}), qr/name=status|>Merge into|>Close without/,
        'a reader may comment');
    my $a = act('eve', $one, 'comment', message => 'Only words');
    is_deeply([$a->status, $a->header('Location')], [303, "/team/code/pull-request/$one#comments"], 'a comment');
    is(act('rev', $one, 'comment', status => 'approved')->status, 303, 'a vote');
    my $html = page("/team/code/pull-request/$one");
    like($html, qr{eve, <time.*</p>\n<pre>Only words</pre>}, 'the comment is shown');
    like($html, qr{<dt>Review<dd>Approved\n<dt>Reviewers<dd>rev <span class=ref>Approved</span>}, '... and the vote');
    is(act('eve', $one, 'comment')->status, 400, 'nothing to say');
    is(act('eve', $one, 'comment', status => 'approved')->status, 403, 'no right to vote');
    is(act('eve', $one, $_)->status, $_ eq 'close' ? 400 : 403, "no right: $_") for qw(close merge);
    is(act('own', $one, 'comment', csrf_token => 'x', message => 'm')->status, 403, 'a form of another site');
    is(act('own', $one, 'close', pull_request_id => $_)->status, 404, "none: $_") for 999, 'x';
    is($t->get('/_admin/pull_request/merge', method => 'POST', headers => {%HTML}, body => "pull_request_id=$one")
        ->status, 401, 'without a login');
    is(act('own', $two, 'close', message => 'Not <now>')->status, 303, 'close');
    like(page("/team/code/pull-request/$two"), qr{<pre>Not &lt;now&gt;</pre>}, '... with a reason');
    is(act('own', $two, 'close')->status, 400, 'once');
    is(act('own', $one, 'merge')->status, 303, 'merge');
    my $merge = $t->git($repo->{path}, 'rev-parse', 'master') =~ s/\n//r;
    $html = page("/team/code/pull-request/$one", Cookie => $cookie{own});
    like($html, qr{<span class=ref>Merged</span>.*<dt>Merge<dd><a class=id href="/team/code/changeset/$merge">}s,
        'it is merged');
    unlike($html, qr/>Merge into|>Close without/, 'and nothing is left to do');
    like(page("/team/code/changeset/$_"), qr{<dt>Pull request<dd><a href="/team/code/pull-request/$one">$one: Title },
        "commit $_ leads to it") for $merge, $t->git($repo->{path}, 'rev-parse', "$merge^2") =~ s/\n//r;
    like($t->last->body,
        qr{<dt>Review<dd>ann <span class=ref>Under Review</span>\nrev <span class=ref>Approved</span>},
        '... and has the statuses of the votes');
    unlike(page('/team/code/changeset/0'), qr/Pull request<dd>/, 'another one does not');
    is_deeply([RCAPI::Page::diff_lines($html)], ['+1', '+2'], 'its diff stays');
    my $conflict = offer('clash', { fast => "other\n" }, from => 'master~1');
    is(act('own', $conflict, 'merge')->status, 409, 'a conflict');
    like($t->last->body, qr/cannot be merged because of conflicts/, '... is explained');
    is_deeply([page('/team/code/pull-request?status=closed') =~ m{pull-request/(\d+)".*?<td class=fix>(\w+)}g],
        [$two, 'Closed', $one, 'Merged'], 'the closed ones');
    my $late = offer('late', { late => "l\n" });
    $t->git($repo->{path}, @$_) for ['update-ref', 'refs/heads/master', "$merge^"], [qw(prune --expire=now)];
    is_deeply([RCAPI::Page::diff_lines(page("/team/code/pull-request/$late", Cookie => $cookie{own}))], ['+l'],
        'a diff stays when the target is rewritten');
};

subtest 'changes' => sub {
    my $id = offer('moves', { moves => "1\n" }, description => "Old\n",
        reviewers => [{ username => 'rev', reasons => ['knows it'], mandatory => 'true' }]);
    my $html = page("/team/code/pull-request/$id", Cookie => $cookie{own});
    like($html, qr{name=title [^>]*value="Title &lt;moves&gt;">.*<textarea [^>]*>\nOld\n</textarea>.*>\nrev\n</text}s,
        'the form has what is there');
    my $now = sub { $t->must(get_pull_request => { repoid => 'team/code', pullrequestid => $id }) };
    is(act('own', $id, 'update', title => 'New <t>', description => "Now\n", reviewers => 'rev, eve')->status, 303,
        'change');
    my $pull = $now->();
    is_deeply([@$pull{qw(title description)}], ['New <t>', "Now\n"], '... the texts');
    is_deeply([map { [$_->{user}{username} // $_->{username}, $_->{reasons}] } @{ $pull->{reviewers} }],
        [[rev => ['knows it']], [eve => []]], '... the reviewers: who was one keeps the reasons');
    is(act('own', $id, 'update', title => '', description => '', reviewers => '')->status, 303, 'empty fields');
    $pull = $now->();
    is_deeply([@$pull{qw(title description)}, scalar @{ $pull->{reviewers} }], ['New <t>', '', 0],
        '... leave nothing but the title');
    is(act('own', $id, 'update', title => 'x', reviewers => 'nobody')->status, 400, 'no such reviewer');
    is($now->()->{title}, 'New <t>', '... changes nothing');
    is(act('eve', $id, $_, title => 'x')->status, 400, "$_: no right") for qw(update commits);
    like($t->last->body, qr/no permission to update/, '... said');
    unlike(page("/team/code/pull-request/$id", Cookie => $cookie{eve}), qr/name=title|>Offer the/,
        '... nor a form');
    git('checkout', '-q', 'moves');
    spew("$work/moves", "1\n2\n");
    git(@$_) for ['commit', '-q', '-am', 'More'], ['push', '-q', "$t->{dir}/data/repos/ann/code", 'moves'];
    is_deeply([RCAPI::Page::diff_lines(page("/team/code/pull-request/$id"))], ['+1'], 'before');
    is(act('own', $id, 'commits')->status, 303, 'they are offered');
    is_deeply([RCAPI::Page::diff_lines(page("/team/code/pull-request/$id"))], ['+1', '+2'], '... and shown');
    is($now->()->{title}, 'New <t>', '... and the rest stays');
    is(act('own', $id, 'close')->status, 303, 'closed');
    is(act('own', $id, $_)->status, 400, "... $_ is too late") for qw(update commits);
    like($t->last->body, qr/pull request is closed/, '... said');
};

subtest 'a comment on a line, and a new one' => sub {
    my $id = offer('lines', { lines => "1\n2\n3\n" });
    is(act('eve', $id, 'comment', message => 'Why two?', f_path => 'lines', line_no => 2)->status, 303, 'on a line');
    like(page("/team/code/pull-request/$id"), qr{<th>2<td>\+2\n<tr class=h><td colspan=3><a href="#comment-\d+">eve},
        '... it stands below');
    for ([f_path => '../x'], [f_path => '/x'], [f_path => 'x//y'], [line_no => 2], [f_path => 'lines', line_no => 'x'],
        [f_path => 'lines', line_no => 0], [f_path => 'lines', line_no => 'n12345678901']) {
        is(act('eve', $id, 'comment', message => 'm', @$_)->status, 400, "no place: @$_");
        like($t->last->body, qr/f_path must be the path of a file|line_no must be o or n and the number/, '... said');
    }
    my $form = page('/team/code/pull-request', Cookie => $cookie{eve});
    like($form, qr{<select name=target>\n<option value="branch:master">master\n</select>}, 'it has the branches');
    my $new = sub {
        my ($name, %fields) = @_;
        %fields = (csrf_token => csrf($name), source_repo => 'ann/code', source => 'late',
            target_repo => 'team/code', target => 'branch:master', title => '', description => '', %fields);
        return $t->get('/_admin/pull_request/new', method => 'POST', headers => [%HTML, Cookie => $cookie{$name}],
            body => join '&', map { "$_=" . $fields{$_} =~ s/(\W)/sprintf '%%%02X', ord $1/ger } sort keys %fields);
    };
    my $a = $new->('eve', title => 'By <eve>', description => 'From a page');
    is($a->status, 303, 'a new one') or diag($a->body);
    like($a->header('Location'), qr{^/team/code/pull-request/\d+$}, '... leads to its page');
    like(page($a->header('Location')), qr{By &lt;eve&gt;.*<pre>From a page</pre>.*<dt>Author<dd>eve\n}s,
        '... is shown');
    my $asked = $new->('eve', title => 'Please', reviewers => ' own, ann own,');
    like(page($asked->header('Location')), qr{<dt>Reviewers<dd>own <span.*<br>ann <span}s, 'reviewers, each once');
    is($new->('eve', reviewers => $_)->status, 400, "a reviewer $_") for qw(nobody default);
    like($t->last->body, qr/user `default` does not exist/, '... who does not exist');
    is($new->('eve', reviewers => 'own ' x 201)->status, 400, 'too many');
    like($t->last->body, qr/a pull request has at most 200 reviewers/, '... it says how many');
    is($new->('eve', @$_)->status, 400, "refused: @$_")
        for [source => 'nowhere'], [source => 'x:y:z:w'], [source_repo => 'team/code', source => 'master'];
    is($new->('eve', @$_)->status, 404, "no repository: @$_") for [source_repo => 'x'], [target_repo => ''];
    is($new->('eve', csrf_token => 'x')->status, 403, 'a form of another site');
};

# As a browser sends it: the names of users can hold blanks and commas, and its lines end by CR and LF.
subtest 'a form that is sent as it was' => sub {
    $t->user($_, email => s/\W//gr . '@example.org') for 'john doe', 'doe, jane';
    my $id = offer('kept', { kept => "1\n" }, description => "\n\x{44f}\n" x 5000,
        reviewers => ['john doe', 'doe, jane', 'rev']);
    my $now = sub {
        my $pull = $t->must(get_pull_request => { repoid => 'team/code', pullrequestid => $id });
        return [@$pull{qw(title description)}, map { $_->{user}{username} // $_->{username} } @{ $pull->{reviewers} }];
    };
    my $before = $now->();
    my ($title, $description, $reviewers) = page("/team/code/pull-request/$id", Cookie => $cookie{own}) =~
        m{name=title [^>]*value="([^"]*)".*name=description rows=5>\n([^<]*)</.*name=reviewers[^>]*>\n([^<]*)</}s;
    s/&lt;/</g, s/&gt;/>/g, s/\n/\r\n/g for $title, $description, $reviewers;
    is(act('own', $id, 'update', title => $title, description => $description, reviewers => $reviewers)->status, 303,
        'it is taken');
    is_deeply($now->(), $before, '... and changes nothing');
    is(act('own', $id, 'comment', message => "a\r\nb\r\n")->status, 303, 'a comment of two lines');
    my $said = $t->must(get_pull_request_comments => { repoid => 'team/code', pullrequestid => $id });
    is($said->[-1]{comment_text}, "a\nb\n", '... has them as the API would');
    is(act('own', $id, 'comment', message => 'x' x (513 * 1024))->status, 413, 'a form that is too large');
};

# Who offers may offer something else while another one reads the page.
subtest 'a page that is older than what is offered' => sub {
    my $id = offer('moving', { moving => "harmless\n" });
    my ($seen) = page("/team/code/pull-request/$id", Cookie => $cookie{own}) =~ /name=source_id value="(\w+)"/;
    is($seen, git('rev-parse', 'HEAD'), 'forms name what their page shows');
    spew("$work/moving", "harmful\n");
    git(@$_) for ['commit', '-q', '-a', '-m', 'more'], ['push', '-q', "$t->{dir}/data/repos/ann/code", 'moving'];
    $t->must(update_pull_request => { pullrequestid => $id, update_commits => 'true' }, as => 'ann');
    my $master = $t->git($repo->{path}, 'rev-parse', 'master');
    for ([merge => ()], [comment => status => 'approved', message => 'Fine']) {
        my ($action, @fields) = @$_;
        is(act('own', $id, $action, @fields, source_id => $seen)->status, 400, "$action: refused");
        like($t->last->body, qr/The pull request offers other commits since this page was made/, '... it says why');
    }
    is($t->git($repo->{path}, 'rev-parse', 'master'), $master, 'nothing was merged');
    unlike(page("/team/code/pull-request/$id"), qr/Fine|<strong>Approved/, '... nor said');
    is(act('own', $id, 'comment', message => 'Only words', source_id => $seen)->status, 303, 'words are taken');
    is(act('own', $id, $_->[0], @$_[1 .. $#$_])->status, 303, "a newer page: $_->[0]")
        for [comment => status => 'approved'], ['merge'];
};

# Follows the links to older comments, and returns the pages.
sub older {
    my ($url) = @_;
    my @pages;
    while ($url) {
        push @pages, page($url);
        ($url) = $pages[-1] =~ m{<a rel=next href="([^"#]+)#comments">Older comments</a>};
    }
    return @pages;
}

sub add_comments {
    my ($repo, $pull, $revision, $count) = @_;
    $t->sql("WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < $count)
        INSERT INTO changeset_comment (repo_id, user_id, revision, message, created_on, pull_request_id)
        SELECT r.repo_id, u.user_id, '$revision', 'no ' || k.n || '.', k.n, $pull FROM repo r, users u, k
         WHERE r.repo_name = '$repo' AND u.username = 'eve' ORDER BY k.n");
}

subtest 'more comments than a page shows' => sub {
    my $id = offer('talk', { talk => "1\n2\n3\n" });
    is(act('eve', $id, 'comment', message => 'Why two?', f_path => 'talk', line_no => 2)->status, 303, 'on a line');
    add_comments('team/code', $id, '', 1200);
    is(act('eve', $id, 'comment', message => 'The last word')->status, 303, 'and one after them');
    my $url = "/team/code/pull-request/$id";
    my @pages = older($url);
    is(join(' ', map { scalar(() = /<p class=dim id=comment-/g) } @pages), '500 500 203', 'pages');
    like($pages[0], qr{<pre>The last word</pre>}, 'the first one has the newest');
    is(join(' ', map { /<pre>no (\d+)\.</g } reverse @pages), join(' ', 1 .. 1200), 'all, once and in their order');
    is(join(' ', map { s{.*Newest comments}{}s ? 1 : 0 } my @copy = @pages), '0 1 1', 'links back');
    my $note = qr{<th>2<td>\+2\n<tr class=h><td colspan=3><a href="#comment-\d+">eve};
    is(join(' ', map { /$note/ ? 1 : 0 } @pages), '0 0 1', 'a comment on a line stands in the diff of its page');
    is(page("$url?after=$_"), $pages[0], "after=$_: the newest") for 0, -1, 'x', '9' x 30;
    like(page("$url?after=1"), qr{Newest comments</a> </p></nav>\n<p>There are none}, 'none');

    my $tip = $repo->{ids}[-1] // git('rev-parse', 'master');
    add_comments('team/code', 'NULL', $tip, 1001);
    $t->must(comment_commit => { repoid => 'team/code', commit_id => $tip, message => 'm', status => 'approved' });
    @pages = older("/team/code/changeset/$tip");
    is(join(' ', map { scalar(() = /<pre>(?:no \d+\.|m)</g) } @pages), '500 500 2', 'of a commit');
    is(join(' ', map { /<pre>no (\d+)\.</g } reverse @pages), join(' ', 1 .. 1001), 'all, once and in their order');
    like($pages[0], qr{: <strong>approved</strong></p>\n<pre>m</pre>}, 'the newest with its status');
};

subtest 'who may see it' => sub {
    $t->must(update_repo => { repoid => 'team/code', private => 'true' });
    is($t->get("/team/code/pull-request$_", headers => {%HTML})->status, 401, "a visitor: $_") for '', "/$one";
    is($t->get("/absent/pull-request/$one", headers => {%HTML})->status, 401, '... as for what does not exist');
    is($t->get("/team/code/pull-request/$one", headers => [%HTML, Cookie => $cookie{eve}])->status, 404,
        'who may not read it');
    is($t->get("/team/code/pull-request/$one", headers => {%HTML}, key => $t->key('own'))->status, 200,
        'a key, by the whitelist');
    is($t->get('/team/code/pull-request', headers => {%HTML}, key => $t->key('own'))->status, 401,
        '... which does not have the list');
    is(act('own', $big, 'comment', message => 'still here')->status, 303, 'its owner');
    is($t->get('/_admin/pull_request/new', method => 'POST', headers => [%HTML, Cookie => $cookie{eve}],
        body => 'target_repo=team/code&source_repo=ann/code&source=late&target=master&csrf_token=' . csrf('eve'))
        ->status, 404, 'a new one into what one may not read');
    is($t->get('/_admin/pull_request/comment', method => 'POST', headers => [%HTML, Cookie => $cookie{eve}],
        body => "pull_request_id=$big&message=m&csrf_token=" . csrf('eve'))->status, 404, 'nobody else');
};

# The secret of somebody's forms.
sub csrf {
    my ($name) = @_;
    my ($secret) = page('/', Cookie => $cookie{$name}) =~ /name=csrf_token value="(\w+)"/;
    return $secret;
}

$t->done;
done_testing;
