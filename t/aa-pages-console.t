#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The console: what its page holds, the token of ten minutes, and a call by a person in a browser.
use strict;
use warnings;
use Digest::SHA qw(sha256_base64);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use RCAPI::Browser;
use RCAPI::Run qw(patiently);
use RCAPI::Test;

my %HTML = (Accept => 'text/html');
my $t = RCAPI::Test->new(public => 0);
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
    cmp_ok($token->{expires}, '<=', time + 600, '... for ten minutes');
};

subtest 'in a browser' => sub {
    my $b = RCAPI::Browser->new($t->dir . '/home') or plan skip_all => 'chromium is not installed';
    my $is = sub { my ($what, $js, $like) = @_; my $got;
        patiently(20, sub { ($got = $b->js($js)) =~ $like });
        like($got, $like, $what) };
    $b->cookie($t->url, rcapi => $session);
    $b->visit($t->url . '/_admin/console');
    $b->js('document.getElementById("mine").click()');
    $is->('the methods', 'document.getElementById("state").textContent', qr/^\d+ methods$/);
    $b->js('var m = document.getElementById("methods"); m.value = "test"; m.dispatchEvent(new Event("change"))');
    $is->('the form of one', 'document.getElementById("call").textContent',
        qr/^testReturn the argument.*args any, requiredCall test$/);
    $b->js(q{document.querySelector('#call input').value = "<b>it's</b>"});
    $b->js('document.querySelector("#call button").click()');
    $is->('its answer', 'document.getElementById("result").textContent', qr/"result": .*<b>it's<\/b>/);
    $is->('... is text', 'String(document.querySelectorAll("#result *").length)', qr/^0$/);
    $is->('the call as curl', 'document.getElementById("curl").textContent',
        qr{^curl -H .* -d '\{.*KEY.*\}' http://127\.0\.0\.1:\d+/_admin/api$});
    $is->('... and as our client', 'document.getElementById("client").textContent',
        qr{^rhodecode-api --apihost=\S+ test 'args:});
    $b->js('m.value = "get_repo"; m.dispatchEvent(new Event("change"))');
    $is->('another method', 'document.getElementById("call").textContent',
        qr/repoid string \| integer, required.*cache boolean, default true/);
    $b->js('document.querySelector("#call input").value = "nothing"');
    $b->js('document.querySelector("#call button").click()');
    $is->('a wrong argument', 'document.getElementById("result").textContent',
        qr/"error": "repository `nothing` does not exist"/);
    $is->('... is an error', 'document.getElementById("state").textContent', qr/^Error, \d+ ms$/);
    $b->js('document.getElementById("key").value = "wrong"');
    $b->js('document.querySelector("#typed button:last-child").click()');
    $is->('a wrong key', 'document.getElementById("state").textContent', qr/Invalid API KEY/i);
    is($b->close, '', 'nothing is left of the browser');
};

$t->done;
done_testing;
