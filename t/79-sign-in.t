# SPDX-License-Identifier: Apache-2.0
#
# How clients of version control sign in, shown by a face that only the tests have (t/lib/face_echo.c):
# Authorization: Basic with passwords and tokens, with and without a login line of httpd.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use MIME::Base64 qw(encode_base64);
use Test::More;

use RCAPI::Test;

my $BASIC = "AuthType Basic\nAuthName \"Our code\"\nAuthBasicProvider";
my @LOGIN = qw(/ask /must /kept);
my $t = RCAPI::Test->new(
    module => 't/mod_rcapi_echo.so', children => 1, mounts => ['/', @LOGIN, qw(/all /file)],
    modules => [qw(authn_file authz_user authn_socache socache_shmcb)],
    directives => <<"END",
LogFormat "%{Authorization}i %{X-Api-Key}i %r" all
CustomLog logs/headers all
<Location "/ask">
    $BASIC rcapi
    Require rcapi
</Location>
<Location "/must">
    $BASIC rcapi
    Require valid-user
</Location>
<Location "/kept">
    $BASIC socache rcapi
    AuthnCacheProvideFor rcapi
    AuthnCacheContext server
    Require rcapi
</Location>
<Location "/all">
    $BASIC rcapi
    Require all granted
</Location>
<Location "/file">
    $BASIC file
    AuthUserFile htpasswd
    Require valid-user
</Location>
END
);
my $PW = 'password of ann: long';
my $key = $t->user('Ann', password => $PW)->{api_key};
$t->user('bob', password => 'password of bob');
$t->secret($PW, 'password of bob', 'wrong password');
my %token = map { $_ => $t->token('Ann', '--role', $_) } qw(all vcs http api feed);
my $old = $t->token('Ann', '--role', 'all');
$t->sql("UPDATE api_key SET expires = 1 WHERE key_id = (SELECT max(key_id) FROM api_key)");
RCAPI::Run::spew($t->dir . '/htpasswd', "joe:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n");

sub who {
    my ($mount, %opt) = @_;
    my $a = $t->get("$mount/_echo/who", %opt);
    return $a->status == 200 ? $a->body =~ s/\n\z//r : $a->status;
}

sub basic { my ($user, $password) = @_; return (basic => "$user:$password") }

for my $public (1, 0) {
    my $nobody = $public ? 'default' : 401;
    $t->admin('anonymous', $public ? 'on' : 'off');
    for my $mount ('', '/ask', '/all', '/kept', '/must') {
        my $all = $mount eq ($public ? '' : '/ask'); # each wrong password takes its time
        subtest "below '$mount', anonymous access " . ($public ? 'on' : 'off') => sub {
            is(who($mount), $mount eq '/must' ? 401 : $nobody, 'nobody');
            is(who($mount, basic('ann', $PW)), 'Ann', 'a password') for 1, 2;
            is(who($mount, basic('ann@example.org', $PW)), 'Ann', 'with the address as name');
            # the cache of httpd compares with the password that the name had before
            my @names = $mount eq '/kept' ? () : qw(Ann ann ann@example.org);
            for my $name (@names, 'x-token-auth', '') {
                is(who($mount, basic($name, $token{$_})), 'Ann', "a token ($_) with the name '$name'") for qw(all vcs);
                is(who($mount, basic($name, $key)), 'Ann', '... a main key');
                is(who($mount, basic($name, $_)), 401, '... neither')
                    for $all ? (@token{qw(http api feed)}, $old, '') : ();
            }
            is(who($mount, basic('bob', $token{all})), 401, "another one's token");
            is(who($mount, basic('', $token{http})), 401, 'a token of another role');
            is(who($mount, basic(@$_)), 401, "wrong: @$_")
                for !$all ? () : ['ann', 'wrong password'], ['bob', $PW], ['', $PW], ['default', ''],
                    ['x-token-auth', $PW], ['nobody', $token{vcs}], ['', ''], [$key, ''], [$key, 'x-oauth-basic'];
            is(who($mount, headers => [Authorization => "Basic $_"]), 401, "nothing in it: $_")
                for 'x', '=', encode_base64('Ann', ''), encode_base64("Ann\0:$PW", ''), '%%%';
            is(who($mount, headers => [Authorization => 'Basic ' . encode_base64("Ann:$PW\0", '')]), 401,
                'a NUL behind it') if $mount =~ /^(?:|\/all)$/; # httpd's own reader leaves it out
            return if $mount eq "/must"; # asks for a password, come what may
            is(who($mount, headers => ['X-Api-Key' => $token{vcs}]), 'Ann', 'a key in a header');
            is(who($mount, headers => [Authorization => "bearer \t$token{all}"]), 'Ann', '... as bearer');
            is(who($mount, headers => ['X-Api-Key' => $token{http}]), 401, 'a key of another role');
            is(who($mount, headers => ['X-Api-Key' => 'x' x 40]), 401, 'a wrong key');
            is(who($mount, headers => ['X-Api-Key' => 'x' x 40], basic('ann', $PW)), 401, '... with a password');
            is(who($mount, key => $token{all}), $nobody, 'a key in the query is none');
        };
    }
}

subtest 'addresses' => sub {
    $t->admin('ip', 'add', 'bob', '10.0.0.0/8');
    is(who($_, basic('bob', 'password of bob')), 403, "'$_': a password") for '', @LOGIN;
    is(who($_, basic('bob', $t->key('bob'))), 403, "'$_': a key") for '', @LOGIN;
    is(who('', headers => ['X-Api-Key' => $t->key('bob')]), 403, 'a key in a header');
    $t->admin('ip', 'remove', 'bob', '10.0.0.0/8');
    is(who($_, basic('bob', 'password of bob')), 'bob', "'$_': again") for '', @LOGIN;
};

subtest 'a change counts at once' => sub {
    $t->must(update_user => { userid => 'bob', password => 'another one' });
    is(who($_, basic('bob', 'password of bob')), 401, "'$_': the former password") for '', '/ask', '/must';
    is(who($_, basic('bob', 'another one')), 'bob', "'$_': the new one") for '', '/ask', '/must';
    $t->must(update_user => { userid => 'bob', active => JSON::PP::false() });
    is(who($_, basic('bob', 'another one')), 401, "'$_': an inactive user") for '', '/ask', '/must';
    is(who('', basic('bob', $t->key('bob'))), 401, 'the key of an inactive user');
};

subtest 'a token stays a token' => sub {
    is(who('/kept', basic('x-token-auth', $token{vcs})), 'Ann', 'it opens this face');
    my $view = '/kept/x/changeset-diff/tip';
    is($t->get($view, basic('x-token-auth', $token{vcs}))->status, 401, 'no view, from no cache');
    is($t->get($view, basic('Ann', $PW))->status, 404, 'the password does');
    is($t->call('test', {}, key => undef, headers => [Authorization => 'Basic ' . encode_base64("Ann:$PW", '')])
            ->{error}, q{Incorrect JSON data. Missing 'api_key or auth_token'}, 'no call of the API');
};

is(who('/file', basic('joe', 'test')), 401, 'a login of another module is nobody here');

my $headers = RCAPI::Run::slurp($t->dir . '/logs/headers');
unlike($headers, qr/Basic [^*]/, 'no log shows the header');
like($headers, qr{^- - GET /_echo/who}m, 'what the face took is gone');

$t->done;
done_testing;
