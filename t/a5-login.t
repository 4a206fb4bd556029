#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# rhodecode-api login and logout: a token by name and password, without a browser (contract 10).
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(mounts => ['/', '/code']);
$t->user('bob');
$t->must(update_user => { userid => 'bob', password => 'secret of bob' });
$t->secret('secret of bob');
my $program = $t->program('rhodecode-api');
my $config = "$t->{dir}/home/.config/rhodecode";

# Runs the program with these lines on standard input.
sub cli {
    my ($lines, @args) = @_;
    return $t->run({ stdin => $lines }, $program, @args);
}

sub tokens {
    my $all = $t->must(get_auth_tokens => { userid => 'bob' });
    return grep { $_->{description} =~ /^rhodecode-api on / } @$all;
}

subtest 'login' => sub {
    my $r = cli("bob\nsecret of bob\n", 'login', $t->url);
    is $r->{err}, '', 'no complaint';
    is $r->{out}, "Created new config in $config\n", 'the file';
    is $r->{exit}, 0, 'exit';
    is((stat $config)[2] & 07777, 0600, 'its mode');
    my ($key) = slurp($config) =~ /"apikey": "([0-9a-f]{40})"/;
    $t->secret($key);
    my ($token, @more) = tokens();
    is @more, 0, 'one token';
    is_deeply [@$token{qw(role scope expires)}], ['token_role_api', 'Global', -1], 'of role api';
    $r = cli('', '--format=json', 'get_user');
    like $r->{out}, qr/"username": "bob"/, 'calls use it';
    is $t->sql('SELECT count(*) FROM session'), "0\n", 'the session has ended';
};

subtest 'a second login' => sub {
    my ($first) = tokens();
    my $r = cli("bob\nsecret of bob\n", 'login', $t->url);
    is "$r->{exit} $r->{err}$r->{out}", "0 Updated config in $config\n", 'no complaint';
    $t->secret(slurp($config) =~ /"apikey": "([0-9a-f]{40})"/);
    my ($token, @more) = tokens();
    is @more, 0, 'one token';
    isnt $token->{auth_token_id}, $first->{auth_token_id}, '... another one';
    like cli('', '--format=json', 'get_user')->{out}, qr/"username": "bob"/, 'calls use it';

    my $own = $t->key('bob');
    my $saved = slurp($config);
    spew($config, $saved =~ s/"apikey": "\K\w+/$own/r);
    my $count = @{ $t->must(get_auth_tokens => { userid => 'bob' }) };
    is cli("bob\nsecret of bob\n", 'login', $t->url)->{exit}, 0, 'over a key that login did not make';
    $t->secret(slurp($config) =~ /"apikey": "([0-9a-f]{40})"/);
    is @{ $t->must(get_auth_tokens => { userid => 'bob' }) }, $count + 1, 'nothing is deleted';

    spew($config, slurp($config) =~ s/"apikey": "\K\w+/'0' x 40/er);
    $r = cli("bob\nsecret of bob\n", 'login', $t->url);
    is "$r->{exit} $r->{err}", '0 ', 'over a key that is void';
    $t->secret(slurp($config) =~ /"apikey": "([0-9a-f]{40})"/);
    my ($mine, @rest) = sort { $b->{auth_token_id} <=> $a->{auth_token_id} } tokens();
    $t->must(delete_auth_token => { userid => 'bob', auth_token_id => $_->{auth_token_id} }) for @rest;
};

subtest 'logout' => sub {
    my $r = cli('', 'logout');
    is "$r->{exit} $r->{err}", '0 ', 'no complaint';
    is $r->{out}, "Removed config $config\n", 'the file';
    ok !-e $config, 'is gone';
    is_deeply [tokens()], [], 'and the token';
    is cli('', 'logout')->{exit}, 2, 'nothing is left to log out';
};

subtest 'below a mount' => sub {
    is cli("bob\nsecret of bob\n", 'login', $t->url . '/code/')->{exit}, 0, 'login';
    $t->secret(slurp($config) =~ /"apikey": "([0-9a-f]{40})"/);
    like cli('', '--format=json', 'test', 'args:x')->{out}, qr/^"x"$/, 'a call';
    is cli('', 'logout')->{exit}, 0, 'logout';
};

subtest 'failures' => sub {
    my @fails = (
        [1, 'Wrong user name or password', "bob\nwrong\n", 'login', $t->url],
        [2, 'A user name and a password are required', "bob\n\n", 'login', $t->url],
        [2, 'login needs the address of one server', '', 'login'],
        [2, 'login needs the address of one server', '', 'login', 'a', 'b'],
        [2, 'The apihost must be a URL like http://127.0.0.1:5000', '', 'login', 'ftp://x'],
        [3, 'Call failed: HTTP status 404', "bob\nx\n", 'login', $t->url . '/_admin/none'],
        [2, 'logout has no arguments', '', 'logout', 'x'],
        [1, 'The key is none that login made here', '', '--apihost', $t->url, '--apikey', $t->key('bob'), 'logout'],
    );
    for my $case (@fails) {
        my ($exit, $text, $lines, @args) = @$case;
        my $r = cli($lines, @args);
        is "$r->{exit} $r->{err}", "$exit $text\n", "$text";
        is $r->{out}, '', 'prints nothing';
    }
    ok !-e $config, 'no file';
    cli("bob\nwrong\n", 'login', $t->url) for 1 .. 10;
    like cli("bob\nsecret of bob\n", 'login', $t->url)->{err}, qr/^Too many wrong passwords/, 'too many';
};

$t->done;
done_testing;
