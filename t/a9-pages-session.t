#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Sessions of browsers: what a login by the form opens and what it does not, how it ends, forms of other sites, limits
# on guessing that hold for all processes, and that no log has the cookie.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use RCAPI::Page;
use RCAPI::Run qw(slurp);
use RCAPI::Test;

my $TRUE = JSON::PP::true();
my %HTML = (Accept => 'text/html,*/*');
my $t = RCAPI::Test->new(public => 0, whitelist => '', mounts => ['/', '/tls', '/root', '/off'],
    modules => ['log_forensic'], directives => <<'END');
<Location /tls>
RcapiBaseUrl https://forge.example/tls
</Location>
<Location /root>
RcapiBaseUrl https://forge.example
</Location>
<Location /off>
RcapiPages Off
</Location>
ForensicLog logs/forensic
CustomLog logs/cookies "%{Cookie}i %{Set-Cookie}o %r"
END
my %password = map { $_ => "pw-$_-" . RCAPI::Git::random_hex(8) } qw(bob eve);
$t->user($_, password => $password{$_}) for sort keys %password;
$t->repo('closed', commits => 2, args => { owner => 'bob', private => $TRUE, enable_downloads => $TRUE });

# The value of a field of the form in a page; what the cookie of an answer is, as a client sends it.
sub field { my ($html, $name) = @_; return $html =~ /name=$name value="([^"]*)"/ ? $1 : undef }

sub cookie {
    my ($answer) = @_;
    my ($cookie) = ($answer->header('Set-Cookie') // '') =~ /^([^;]+)/;
    $t->secret($cookie =~ /=(\w+)/) if defined $cookie;
    return $cookie;
}

sub post {
    my ($path, $fields, %headers) = @_;
    my $body = join '&', map { "$_=" . $fields->{$_} =~ s/(\W)/sprintf '%%%02X', ord $1/ger } sort keys %$fields;
    return $t->get($path, method => 'POST', body => $body,
        headers => [%HTML, 'Content-Type' => 'application/x-www-form-urlencoded', %headers]);
}

sub page { my ($path, %headers) = @_; return $t->get($path, headers => [%HTML, %headers]) }

# The answer to a login; the form is fetched once.
my ($form, $form_cookie);
sub login {
    my ($name, $password, %more) = @_;
    if (!$form) {
        $form = page('/_admin/login');
        $form_cookie = cookie($form);
    }
    return post('/_admin/login', { username => $name, password => $password,
        csrf_token => field($form->body, 'csrf_token'), %more }, Cookie => $form_cookie);
}

sub session { my ($name) = @_; return cookie(login($name, $password{$name})) }

subtest 'a login' => sub {
    my $a = page('/closed/files/tip?x=1');
    is($a->status, 401, 'a visitor');
    is(field($a->body, 'came_from'), '/closed/files/tip?x=1', '... gets the form, which leads back');
    is(field(page('/\\evil.example/files/tip')->body, 'came_from'), '/', '... not to a host, as browsers read it');
    unlike($t->last->body, qr/evil/, '... and no link to it');
    is(page('/')->status, 401, 'the list, too');
    like(login('bob', 'wrong')->body, qr{<p role=alert>Wrong user name or password</p>}, 'a wrong password');
    is($t->last->status, 401, '... is refused');
    is($t->last->body =~ s/value="[^"]*"//gr, login('nobody', 'wrong')->body =~ s/value="[^"]*"//gr,
        'an unknown name, in the same words');
    is_deeply([RCAPI::Page::faults($t->last->body)], [], '... in the form of ours');
    $a = login('bob', $password{bob}, came_from => '/closed/files/tip?x=1');
    is($a->status, 303, 'a right one');
    is($a->header('Location'), '/closed/files/tip?x=1', '... leads back');
    like($a->header('Set-Cookie'), qr{^rcapi=\w{40}; Path=/; HttpOnly; SameSite=Strict$}, '... with a cookie');
    my $bob = cookie($a);
    is(login('bob', $password{bob}, came_from => $_)->header('Location'), '/', "not to $_")
        for '//evil.example', 'http://evil.example/', '/\\evil', "/x\r\nX: y", 'closed', '';
    like($t->sql('SELECT last_login FROM users WHERE username = \'bob\''), qr/^\d{16}$/, 'the database knows');
    unlike($t->sql('SELECT ' . $t->hex('digest') . ', csrf FROM session'),
        qr/\Q@{[$bob =~ s{.*=}{}r]}/i, '... but not the cookie');
};

subtest 'what it opens' => sub {
    my $bob = session('bob');
    my @cookie = (Cookie => "other=1; $bob; more=rcapi=x");
    like(page('/', @cookie)->body, qr{href="/closed"}, 'the list');
    is(page("/closed$_", @cookie)->status, 200, "page $_") for '', '/files/tip', '/changeset/tip', '/refs';
    is(page('/closed', Cookie => session('eve'))->status, 404, 'only for those who may read it');
    for my $view (qw(changeset-diff/tip changeset-patch/tip archive/tip.zip feed/atom)) {
        is($t->get("/closed/$view", headers => [@cookie])->status, 200, "view $view");
        is($t->last->header('Content-Security-Policy'), "default-src 'none'; sandbox", '... in its sandbox');
    }
    my ($tip) = page('/closed/changeset/tip', @cookie)->body =~ /class=id>(\w{40})/;
    $t->get("/closed/changeset-diff/$tip", headers => [@cookie]);
    like(join(', ', $t->last->header('Vary')), qr/Cookie/, 'a cache knows that it depends on the cookie');
    my @json = ('Content-Type' => 'application/json', @cookie);
    is($t->call(get_repos => {}, key => undef, headers => \@json)->{result}, undef, 'not the API');
    is($t->get($_, headers => [@cookie])->status, 401, "not $_")
        for '/_admin/journal/atom', '/closed/info/refs?service=git-upload-pack';
    is($t->get('/off/closed', headers => [@cookie])->status, 404, 'nothing without RcapiPages');
    is($t->get('/off/_admin/login')->status, 404, '... nor a login');
    my $a = page('/closed/changeset/tip', @cookie);
    is(page('/closed/changeset/tip', @cookie, 'If-None-Match' => $a->header('ETag'))->status, 304, 'validators');
    my $other = session('bob');
    is(page('/closed/changeset/tip', Cookie => $other, 'If-None-Match' => $a->header('ETag'))->status, 200,
        '... of one session only');
};

subtest 'the header of a refusal' => sub {
    my @bob = (Cookie => session('bob'));
    my $header = sub { return $_[0]->body =~ m{(<header>\n<nav.*?</nav>)}s ? $1 : undef };
    my $usual = $header->(page('/', @bob));
    like($usual, qr{my_account">bob</a>.*<button>Log out</button>}s, 'account and logout');
    for my $case ([404, '/none'], [404, '/closed/changeset/nope'], [404, '/_admin/none'],
        [400, '/closed/diff/dir/text?diff=x']) {
        my ($status, $path) = @$case;
        my $a = page($path, @bob);
        is($a->status, $status, "$status: $path");
        is($header->($a), $usual, '... has the header of other pages');
        is_deeply([RCAPI::Page::faults($a->body)], [], '... and the form of ours');
    }
    my $a = post('/_admin/my_account/password', { csrf_token => 'x' }, @bob);
    is($a->status, 403, '403: a form');
    is($header->($a), $usual, '... has it, too');
    like($header->(page('/_admin/none')), qr{login">Log in</a>}, 'a visitor can log in');
};

subtest 'the account' => sub {
    my $bob = session('bob');
    my $a = page('/_admin/my_account', Cookie => $bob);
    like(RCAPI::Page::text($a->body), qr/User namebob\n.*bob\@example\.org.*Permissions/s, 'name, address, rights');
    is($a->header('Cache-Control'), 'no-store', '... are not kept');
    is_deeply([RCAPI::Page::faults($a->body)], [], '... in the form of ours');
    is($t->get('/_admin/my_account', as => 'bob')->status, 401, 'no key opens it');
    is($t->get('/_admin/my_account', headers => ['X-Api-Key' => $t->key('bob')])->status, 401, '... in no header');
    my ($token, $password) = (field($a->body, 'csrf_token'), $password{bob});
    my $change = sub {
        my (%fields) = @_;
        return post('/_admin/my_account/password', { csrf_token => $token, current_password => $password,
            new_password => 'a new one', new_password_confirm => 'a new one', %fields }, Cookie => $bob);
    };
    is($change->(csrf_token => 'x' x 40)->status, 403, 'a form without the secret');
    like($change->(new_password_confirm => 'another')->body, qr/differ/, 'two new passwords');
    like($change->(new_password => 'short', new_password_confirm => 'short')->body, qr/at least 6/, 'a short one');
    like($change->(new_password => "with\ttab", new_password_confirm => "with\ttab")->body,
        qr/must not hold control characters/, 'one that nobody could send again');
    like($change->(current_password => 'wrong')->body, qr/current password is wrong/, 'a wrong old one');
    is($t->last->status, 400, '... is refused');
    my $old = session('bob');
    $password{bob} = 'new-' . RCAPI::Git::random_hex(8);
    $t->secret($password{bob});
    is($change->(new_password => $password{bob}, new_password_confirm => $password{bob})->status, 303, 'a change');
    my $new = cookie($t->last);
    $a = page($t->last->header('Location'), Cookie => $new);
    like($a->body, qr{<p role=status>The password has been changed\.}, '... leads to a page that says so');
    is_deeply([RCAPI::Page::faults($a->body)], [], '... in the form of ours');
    unlike(page("/_admin/my_account$_", Cookie => $new)->body, qr/role=status|evil/, "... not '$_'")
        for '', '?changed=evil', '?changed=passwords';
    is(page('/_admin/my_account', Cookie => $_)->status, 401, 'ends the sessions') for $bob, $old;
    is(page('/_admin/my_account', Cookie => $new)->status, 200, '... and begins a new one');
    is(login('bob', $password{bob})->status, 303, 'the new password is right');
};

subtest 'tokens' => sub {
    my $bob = session('bob');
    my $here = '/_admin/my_account/auth_tokens';
    my $a = page($here, Cookie => $bob);
    my $token = field($a->body, 'csrf_token');
    is_deeply([RCAPI::Page::faults($a->body)], [], 'the page has the form of ours');
    my ($key) = substr $t->key('bob'), 0, 4;
    like($a->body, qr{<td>main key<td class=fix><code>\Q$key\E\*\*\*\*</code>}, 'the main key, masked');
    unlike($a->body, qr/\Q@{[$t->key('bob')]}/, '... not the key');
    my $make = sub {
        my (%fields) = @_;
        return post("$here/new", { csrf_token => $token, description => '<i>farm</i>', role => 'token_role_http',
            lifetime => 60, %fields }, Cookie => $bob);
    };
    is($make->(csrf_token => 'x')->status, 403, 'a form without the secret');
    is($make->(%$_)->status, 400, join ' ', %$_)
        for { role => 'nothing' }, { lifetime => 'x' }, { lifetime => 0 }, { repoid => 'nothing' };
    $a = $make->(repoid => 'closed');
    is($a->status, 200, 'a new one');
    is($a->header('Cache-Control'), 'no-store', '... is not kept');
    my ($new) = $a->body =~ m{<pre>(\w{40})</pre>};
    $t->secret($new);
    $a = page($here, Cookie => $bob);
    my $shown = substr($new, 0, 4) . '****';
    like($a->body, qr{<td>&lt;i&gt;farm&lt;/i&gt;<td class=fix><code>\Q$shown\E</code><td class=more>pages and views},
        'listed');
    like($a->body, qr/<td class=more>Repository: closed/, '... with its scope');
    unlike($a->body, qr/\Q$new/, '... without the key');
    is($t->get('/closed/feed/atom', key => $new)->status, 200, 'it opens a feed');
    is_deeply([RCAPI::Page::faults($a->body)], [], 'still of the form of ours');
    my ($id) = $a->body =~ /farm.*?name=auth_token_id value="(\d+)"/s; # after the feed token
    is(post("$here/delete", { csrf_token => $token, auth_token_id => $id + 1000 }, Cookie => $bob)->status, 400,
        'no such token');
    is(post("$here/delete", { csrf_token => $token, auth_token_id => $id }, Cookie => session('eve'))->status, 403,
        "another's session");
    is(post("$here/delete", { csrf_token => $token, auth_token_id => $id }, Cookie => $bob)->status, 303, 'deleted');
    is($t->get('/closed/feed/atom', key => $new)->status, 401, '... and void');
    is($t->get($here, headers => ['X-Api-Key' => $t->key('bob')])->status, 401, 'no key opens the page');
};

subtest 'forms of other sites' => sub {
    my $bob = session('bob');
    my $token = field(page('/', Cookie => $bob)->body, 'csrf_token');
    my @right = ({ csrf_token => $token }, Cookie => $bob);
    is(post('/_admin/logout', $right[0], Cookie => $bob, @$_)->status, 403, "@$_")
        for [Origin => 'http://evil.example'], [Origin => 'null'], ['Sec-Fetch-Site' => 'cross-site'],
        ['Sec-Fetch-Site' => 'same-site'];
    is(post('/_admin/logout', {}, Cookie => $bob)->status, 403, 'no secret');
    is(post('/_admin/login', { username => 'bob', password => $password{bob}, csrf_token => 'x' x 40 },
        Cookie => 'rcapi-form=' . 'y' x 40)->status, 403, 'a login with another secret');
    is(post('/_admin/login', { username => 'bob', password => $password{bob}, csrf_token => '' })->status, 403,
        '... or none');
    is($t->get('/_admin/my_account', method => 'POST', headers => [Cookie => $bob])->status, 405, 'no form');
    is(page('/_admin/logout', Cookie => $bob)->status, 303, 'a link does not log out');
    is(post('/_admin/logout', @right, Origin => $t->url, 'Sec-Fetch-Site' => 'same-origin')->status, 303, 'a logout');
    like($t->last->header('Set-Cookie'), qr/^rcapi=; .*Max-Age=0/, '... removes the cookie');
    is(page('/closed', Cookie => $bob)->status, 401, '... and the session');
    is(post('/_admin/logout', @right)->status, 401, 'only once');
    is(post('/_admin/login', { csrf_token => 'x' x 20000 })->status, 413, 'a form that is too large');
};

subtest 'ends' => sub {
    my $open = sub { page('/closed', Cookie => $_[0])->status };
    my $bob = session('bob');
    $t->sql('UPDATE session SET seen = seen - 120');
    is($open->($bob), 200, 'used again');
    is($t->sql('SELECT count(*) FROM session WHERE seen > created - 10'), "1\n", '... which is recorded');
    $t->sql('UPDATE session SET seen = seen - 1801');
    is($open->($bob), 401, 'idle');
    $bob = session('bob');
    is($t->sql('SELECT count(*) FROM session'), "1\n", 'the next login removes old ones');
    $t->sql('UPDATE session SET created = created - 43201');
    is($open->($bob), 401, 'old');
    $bob = session('bob');
    $t->must(update_user => { userid => 'bob', active => JSON::PP::false() });
    is($open->($bob), 401, 'of a user who is inactive');
    $t->must(update_user => { userid => 'bob', active => $TRUE });
    is($open->($bob), 401, '... for good');
    $bob = session('bob');
    $t->admin('ip', 'add', 'bob', '10.0.0.0/8');
    is($open->($bob), 403, 'from another address');
    is(login('bob', $password{bob})->status, 403, '... nor a login');
    $t->admin('ip', 'remove', 'bob', '10.0.0.0/8');
    is($open->($bob), 200, 'a session stays');
    is($open->('rcapi=' . $_), 401, "no session $_") for 'x' x 40, '0' x 39, 'a';
};

subtest 'cookies over https' => sub {
    like(page('/tls/_admin/login')->header('Set-Cookie'),
        qr{^__Secure-rcapi-form=\w{40}; Path=/tls; HttpOnly; SameSite=Strict; Secure$}, 'below a path');
    like(page('/root/_admin/login')->header('Set-Cookie'),
        qr{^__Host-rcapi-form=\w{40}; Path=/; HttpOnly; SameSite=Strict; Secure$}, 'of a host');
};

subtest 'guessing' => sub {
    my ($refused, $tries) = (0, 0);
    while (!$refused && $tries++ < 20) {
        $refused = login('eve', "guess $tries")->status == 429;
    }
    is($tries, 11, 'ten wrong passwords of one name');
    cmp_ok($t->last->header('Retry-After'), '>', 500, '... then a time to wait');
    is(login('EVE', $password{eve})->status, 429, 'a right one does not help');
    is(login('bob', $password{bob})->status, 303, 'others log in');
    login("name $_", 'x') for 1 .. 30;
    is($t->last->status, 429, 'thirty of one address');
    is(login('bob', $password{bob})->status, 429, '... are for all names');
};

my $logs = join '', map { slurp("$t->{dir}/logs/$_") } qw(forensic cookies);
like($logs, qr/rcapi=\*\*\*/, 'logs hide the cookie');
$t->done;
done_testing;
