#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What a person does in a browser: logs in, makes a token, follows the links of a feed, deletes the token, and calls
# methods in the console; what the page of the console holds, and its token of ten minutes.
use strict;
use warnings;
use Digest::SHA qw(sha256_base64);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use RCAPI::Browser;
use RCAPI::Run qw(now patiently);
use RCAPI::Test;

my %HTML = (Accept => 'text/html');
my $t = RCAPI::Test->new(public => 0);
$t->repo('demo', commits => 3);
my ($secret) = $t->get('/_admin/login', headers => \%HTML)->body =~ /name=csrf_token value="(\w+)"/;
my $login = $t->get('/_admin/login', method => 'POST', headers => { Cookie => "rcapi-form=$secret" },
    body => "username=admin&password=$t->{password}&csrf_token=$secret");
my ($session) = $login->header('Set-Cookie') =~ /^rcapi=(\w+)/;
my $a = $t->get('/_admin/console', headers => { %HTML, Cookie => "rcapi=$session" });
my ($csrf) = $a->body =~ /data-csrf="(\w+)"/;

subtest 'the page' => sub {
    my ($style, $script) = map { $a->body =~ m{<$_>(.*?)</$_>}s } qw(style script);
    is($a->header('Content-Security-Policy'), "default-src 'none'; img-src 'self'; style-src 'sha256-"
        . sha256_base64($style) . "='; connect-src 'self'; script-src 'sha256-" . sha256_base64($script)
        . "='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", 'its script, and no other');
    unlike($script, qr/innerHTML|document\.write|eval|insertAdjacent/, '... which writes no markup');
    is($t->get('/_admin/console', headers => \%HTML)->status, 401, 'not for visitors');
    is($t->get('/_admin/console', as => 'admin')->status, 401, '... nor for keys');
};

subtest 'a token' => sub {
    my $post = sub { $t->get('/_admin/console/token', method => 'POST', body => "csrf_token=$_[0]",
        headers => { Cookie => "rcapi=$session" }) };
    is($post->('x' x 40)->status, 403, 'not without the secret');
    my $key = $post->($csrf)->body;
    like($key, qr/^\w{40}$/, 'the key');
    $t->secret($key);
    is($t->last->header('Cache-Control'), 'no-store', '... is not kept');
    is($t->call(test => { args => 'x' }, key => $key)->{error}, undef, '... opens the API');
    my ($token) = grep { $_->{description} eq 'Console' } @{ $t->must(get_auth_tokens => {}) };
    is($token->{role}, 'token_role_api', '... and nothing else');
    cmp_ok($token->{expires}, '<=', now() + 600, '... for ten minutes');
    $t->sql("UPDATE api_key SET expires = 1 WHERE description = 'Console'");
    $t->admin('token', 'create', 'admin', '--role', 'api', '--description', 'mine', '--lifetime', 5);
    $t->sql("UPDATE api_key SET expires = 1 WHERE description = 'mine'");
    $t->secret($post->($csrf)->body);
    my @left = map { $_->{description} } grep { !$_->{main} } @{ $t->must(get_auth_tokens => {}) };
    is_deeply([sort @left], ['Console', 'Generated feed token', 'mine'],
        'the next one takes the place of those that have expired');
};

my $b = RCAPI::Browser->new($t->dir . '/home');

# What an expression becomes, in the page that the browser shows.
sub becomes {
    my ($what, $js, $like) = @_;
    my $got;
    patiently(20, sub { ($got = $b->js($js)) =~ $like });
    like($got, $like, $what);
    return $got;
}

subtest 'a token by hand' => sub {
    plan skip_all => 'chromium is not installed' if !$b;
    my $tokens = $t->url . '/_admin/my_account/auth_tokens';
    my $feed = sub { return $t->get('/demo/feed/atom', key => $_[0]) };
    $b->visit($t->url . '/');
    becomes('the first page asks for a login', 'document.querySelector("h1").textContent', qr/^Log in$/);
    $b->js("var f = document.forms[0]; f.username.value = 'admin'; f.password.value = '$t->{password}'; 0");
    $b->js('f.querySelector("button").click()');
    becomes('... and leads to the list', 'document.querySelector("main td a").textContent', qr/^demo$/);
    $b->visit($tokens);
    $b->js('var f = document.querySelector("form.tall"); f.description.value = "by hand"; f.role.value = '
        . '"token_role_http"; f.querySelector("button").click()');
    my $key = becomes('a token', '(document.querySelector("main pre") || {}).textContent', qr/^\w{40}$/);
    $t->secret($key);
    is($feed->($key)->status, 200, '... opens a feed');
    my @links = grep { m{/changeset/} } $t->last->body =~ m{<link[^>]* href="([^"]+)"}g;
    cmp_ok(scalar @links, '>=', 3, '... which has links');
    for my $link (@links) {
        $b->visit($link);
        becomes($link, 'document.querySelector("dl .id").textContent', qr/^\Q@{[$link =~ m{(\w+)$}]}\E/);
    }
    $b->visit($tokens);
    $b->js(q{document.querySelector('[aria-label="Delete by hand"]').click()});
    becomes('deleted', 'String(document.querySelectorAll("[aria-label=\'Delete by hand\']").length)', qr/^0$/);
    is($feed->($key)->status, 401, '... and void');
};

subtest 'the console in a browser' => sub {
    plan skip_all => 'chromium is not installed' if !$b;
    $b->cookie($t->url, rcapi => $session);
    $b->visit($t->url . '/_admin/console');
    $b->js('document.getElementById("mine").click()');
    becomes('the methods', 'document.getElementById("state").textContent', qr/^\d+ methods$/);
    $b->js('var m = document.getElementById("methods"); m.value = "test"; m.dispatchEvent(new Event("change"))');
    becomes('the form of one', 'document.getElementById("call").textContent',
        qr/^testReturn the argument.*args any, requiredCall test$/);
    $b->js(q{document.querySelector('#call input').value = "<b>it's</b>"});
    $b->js('document.querySelector("#call button").click()');
    becomes('its answer', 'document.getElementById("result").textContent', qr/"result": .*<b>it's<\/b>/);
    becomes('... is text', 'String(document.querySelectorAll("#result *").length)', qr/^0$/);
    becomes('the call as curl', 'document.getElementById("curl").textContent',
        qr{^curl -H .* -d '\{.*KEY.*\}' http://127\.0\.0\.1:\d+/_admin/api$});
    becomes('... and as our client', 'document.getElementById("client").textContent',
        qr{^rhodecode-api --apihost=\S+ test 'args:});
    $b->js('m.value = "get_repo"; m.dispatchEvent(new Event("change"))');
    becomes('another method', 'document.getElementById("call").textContent',
        qr/repoid string \| integer, required.*cache boolean, default true/);
    $b->js('document.querySelector("#call input").value = "nothing"');
    $b->js('document.querySelector("#call button").click()');
    becomes('a wrong argument', 'document.getElementById("result").textContent',
        qr/"error": "repository `nothing` does not exist"/);
    becomes('... is an error', 'document.getElementById("state").textContent', qr/^Error, \d+ ms$/);
    $b->js('document.getElementById("key").value = "wrong"');
    $b->js('document.querySelector("#typed button:last-child").click()');
    becomes('a wrong key', 'document.getElementById("state").textContent', qr/Invalid API KEY/i);
    is($b->close, '', 'nothing is left of the browser');
};

$t->done;
done_testing;
