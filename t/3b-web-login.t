# SPDX-License-Identifier: Apache-2.0
#
# Logins: AuthBasicProvider rcapi and Require rcapi, on views and elsewhere; in which order keys,
# logins, anonymous visitors, addresses and httpd's own rules count; whose names are trusted.
use strict;
use warnings;

use FindBin;
use IO::Select;
use MIME::Base64 qw(encode_base64);
use POSIX ();
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Run qw(spew);
use RCAPI::Test;

my ($SECRET, $OPEN, $NONE) = map { "$_/changeset-diff/tip" } '/team/app', '/open', '/team/none';
my $BASIC = "AuthType Basic\nAuthName \"Our code\"\nAuthBasicProvider";
my $t = RCAPI::Test->new(
    start => 0,
    mounts => [qw(/ /must /ask /some /mixed /file /trust /bare /any /all /page /alias /form)],
    whitelist => 'ChangesetController:*',
    modules => [qw(authn_file authz_user include auth_form request session session_cookie session_crypto)],
    directives => <<"END",
<AuthnProviderAlias rcapi ours>
</AuthnProviderAlias>
<Location "/alias">
    $BASIC ours
    Require rcapi
</Location>
<Location "/form">
    AuthType Form
    AuthName "Our code"
    AuthFormProvider rcapi
    Session On
    SessionCookieName session path=/
    SessionCryptoPassphrase "of a test"
    Require rcapi
</Location>
<Location "/form/login">
    SetHandler form-login-handler
    AuthFormLoginSuccessLocation /form$SECRET
    Require all granted
</Location>
<Location "/must">
    RcapiAccessControllersWhitelist None
    $BASIC rcapi
    Require valid-user
</Location>
<Location "/ask">
    RcapiAccessControllersWhitelist None
    $BASIC rcapi
    Require rcapi
</Location>
<Location "/some">
    $BASIC rcapi
    Require user owner
</Location>
<Location "/mixed">
    $BASIC rcapi file
    AuthUserFile htpasswd
    Require valid-user
</Location>
<Location "/file">
    $BASIC file
    AuthUserFile htpasswd
    Require valid-user
</Location>
<Location "/trust">
    $BASIC file
    AuthUserFile htpasswd
    Require rcapi
    RcapiTrustLogin On
</Location>
<Location "/bare">
    Require rcapi
</Location>
<Location "/any">
    $BASIC rcapi
    <RequireAny>
        Require valid-user
        Require rcapi
    </RequireAny>
</Location>
<Location "/all">
    $BASIC rcapi
    Require all granted
</Location>
<Location "/page">
    $BASIC file
    AuthUserFile htpasswd
    Require valid-user
    RcapiTrustLogin On
    ErrorDocument 401 /page/team/app/changeset-diff/tip
</Location>
<Location "/plain">
    SetHandler None
    $BASIC rcapi
    Require valid-user
</Location>
<Location "/wrong">
    SetHandler None
    $BASIC rcapi
    Require rcapi
</Location>
<Location "/ssi">
    SetHandler None
    $BASIC rcapi
    Require valid-user
    Options +Includes
    SetOutputFilter INCLUDES
</Location>
END
);
my $GATE = $t->{server}{env}{RCAPI_GATE} = "$t->{dir}/scratch/gate"; # while it exists, no check of a password ends
$t->start;
my %PASSWORD = map { $_ => "pw of $_ -- \x{e4}:" } qw(owner reader outsider asleep abroad Mixed.Case nobody);
utf8::encode($_) for values %PASSWORD;
my $LONG = 'x' x 90;
for my $name (sort grep { $_ ne 'nobody' } keys %PASSWORD) {
    (my $text = $PASSWORD{$name}) =~ s/\xc3\xa4/\x{e4}/;
    $t->user($name, password => $text, email => lc("$name\@example.org"));
}
$t->secret(values %PASSWORD);
$t->user('long', password => $LONG);
$t->user('none', password => '');
$t->repo('team/app', commits => 2, args => { owner => 'owner', private => JSON::PP::true() });
$t->repo('open', commits => 2, args => { owner => 'owner' });
$t->must(grant_user_permission => { repoid => 'team/app', userid => $_, perm => 'repository.read' })
    for qw(reader asleep abroad Mixed.Case long);
$t->must(update_user => { userid => 'asleep', active => JSON::PP::false() });
$t->admin('ip', 'add', 'abroad', '10.0.0.0/8');
$t->admin('email', 'add', 'owner', 'second@example.org');
# test

RCAPI::Run::spew($t->dir . '/htpasswd', join '', map { "$_:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n" } qw(owner admin joe
    asleep default outsider));
mkdir $t->dir . "/htdocs/$_" for qw(plain wrong ssi);
RCAPI::Run::spew($t->dir . "/htdocs/$_/a.txt", "hello\n") for qw(plain wrong);
RCAPI::Run::spew($t->dir . "/htdocs/ssi/a.txt", '[<!--#include virtual="/must/team/app/changeset-diff/tip" -->]');

my $DIFF = $t->get($SECRET, as => 'owner')->body;
like($DIFF, qr/^diff --git/, 'a diff to compare with');

sub login { my ($name, $as) = @_; return (basic => ($as // $name) . ":$PASSWORD{$name}") }
sub status { return $t->get(@_)->status }
sub anonymous { $t->admin('anonymous', $_[0]) }

for my $public (0, 1) {
    anonymous($public ? 'on' : 'off');
    subtest 'Require valid-user, anonymous access ' . ($public ? 'on' : 'off') => sub {
        for my $method (qw(GET HEAD)) {
            my @m = (method => $method);
            is(status("/must$_", @m), 401, "nobody asks for $_") for $SECRET, $OPEN, $NONE;
            is($t->last->header('WWW-Authenticate'), 'Basic realm="Our code"', 'httpd asks for a password');
            is(status("/must$SECRET", @m, login('owner')), 200, 'the owner, though no key would open it');
            is(status("/must$OPEN", @m, login('outsider')), 200, 'a public repository');
            is(status("/must$_", @m, login('outsider')), 404, "$_ for an outsider") for $SECRET, $NONE;
            is(status("/must$SECRET", @m, login('reader', $_)), 200, $_)
                for qw(reader READER reader@example.org Reader@Example.ORG);
            is(status("/must$SECRET", @m, login('Mixed.Case', $_)), 200, $_)
                for qw(mixed.case Mixed.Case mixed.case@example.org);
            is(status("/must$SECRET", @m, basic => "long:$LONG"), 200, 'a long password');
            is(status("/must$SECRET", @m, login('asleep')), 401, 'an inactive user');
            for my $path ($SECRET, $NONE) {
                my $a = $t->get("/must$path", @m, login('abroad'));
                is($a->status . $a->body, 403 . ($method eq 'HEAD' ? '' : 'IP 127.0.0.1 not allowed'),
                    "a wrong address: $path");
            }
        }
    };
}

subtest 'wrong passwords' => sub {
    is(status("/must$SECRET", basic => $_), 401, "not $_")
        for 'owner:wrong', 'owner:', 'owner', ':', ":$PASSWORD{owner}", "nobody:$PASSWORD{owner}", 'none:', 'default:',
        'long:' . substr($LONG, 0, 72),
        'long:' . substr($LONG, 0, 89), "second\@example.org:$PASSWORD{owner}", "owner\@example.com:$PASSWORD{owner}",
        "owner' OR 1=1 --:x", "\xff\xfe:x", "own%:$PASSWORD{owner}";
};

subtest 'a refusal tells nothing' => sub {
    my @two = map { $t->get("/must$_", login('outsider'))->{raw} =~ s/^Date:.*\n//mr } $SECRET, $NONE;
    is($two[0], $two[1], 'a closed repository looks like none, to a login');
    for my $mount ('/must', '/ask') {
        @two = map { $t->get("$mount$_")->{raw} =~ s/^Date:.*\n//mr } $SECRET, $NONE;
        is($two[0], $two[1], "and to nobody, below $mount");
    }
};

subtest 'the log tells why, once the password was looked at' => sub {
    for my $case ([401, qr/the key is unknown or expired/, key => 'nosuchkey'],
        [200, undef, key => 'nosuchkey', login('owner')]) {
        my ($status, $why, @how) = @$case;
        my $before = length $t->error_log;
        is(status("/ask$SECRET", @how), $status, "@how[0, 1]");
        my @told = substr($t->error_log, $before) =~ /RC0051: \S+ refused with (.*) \(request \S+\)/g;
        is(scalar @told, $why ? 1 : 0, 'lines of the log');
        like($told[0], $why, 'why') if $why;
    }
};

subtest 'keys and logins' => sub {
    anonymous('on');
    is(status("/must$SECRET", as => 'owner'), 401, 'a key is no password for httpd');
    my $refused = $t->get("/must$OPEN", as => 'owner', login('reader'));
    is($refused->status, 401, 'a good key decides alone: the whitelist binds it, whoever has logged in');
    is(status("/some$SECRET", as => 'outsider', login('owner')), 404, 'and his owner\'s rights count');
    is(status("/must$SECRET", key => 'nonsense', login('reader')), 200, 'a wrong key is like none');
    my $feed = $t->token('outsider', '--role', 'vcs');
    is(status("/must$SECRET", key => $feed, login('reader')), 200, 'so is one of another role');
    is(status("/all$SECRET", as => 'owner'), 200, 'a key where httpd asks for nothing');
    is(status("/all$SECRET", login('owner')), 401, 'where httpd asks for nothing, it looks at no password');
};

subtest 'the API' => sub {
    my $body = '{"id":1,"method":"test","args":{"args":"x"}}';
    for my $mount ('/must', '/ask', '/') {
        my $a = $t->get(($mount =~ s{/$}{}r) . '/_admin/api', method => 'POST', body => $body, login('owner'));
        like($a->json->{error}, qr/Missing 'api_key/, "$mount: a password calls no method");
    }
    is($t->get('/must/_admin/api', method => 'POST', body => $body)->status, 401,
        'Require valid-user closes the API to those without');
    is($t->call(test => { args => 'x' }, mount => '/ask')->{result}, 'x', 'Require rcapi does not');
};

for my $public (0, 1) {
    anonymous($public ? 'on' : 'off');
    subtest 'Require rcapi, anonymous access ' . ($public ? 'on' : 'off') => sub {
        for my $method (qw(GET HEAD)) {
            my @m = (method => $method);
            is(status("/ask$OPEN", @m), $public ? 200 : 401, 'a visitor and a public repository');
            for my $path ($SECRET, $NONE) {
                my $a = $t->get("/ask$path", @m);
                is($a->status, 401, "a visitor and $path");
                is($a->header('WWW-Authenticate'), 'Basic realm="Our code"', '... is asked for a password');
            }
            is(status("/ask$SECRET", @m, login('owner')), 200, 'the owner');
            is(status("/ask$_", @m, login('outsider')), 404, "an outsider: $_") for $SECRET, $NONE;
            is(status("/ask$_", @m, basic => 'owner:wrong'), 401, "a wrong password is not overlooked: $_")
                for $SECRET, $NONE, $OPEN;
            is(status("/ask/nothing", @m), 404, 'no view');
            is(status("/ask$SECRET", @m, login('abroad')), 403, 'a wrong address');
            is(status("/ask$SECRET", @m, as => 'owner'), 401, 'a key that opens nothing here');
            is($t->last->header('WWW-Authenticate'), 'Bearer realm="rcapi"', '... and no password would help');
            is(status("/ask$SECRET", @m, key => 'wrong'), 401, 'a wrong key');
            is($t->last->header('WWW-Authenticate'), 'Basic realm="Our code"', '... is like none');
            is(status("/any$SECRET", @m), 401, 'RequireAny: a visitor');
            is(status("/any$SECRET", @m, as => 'owner'), 200, 'RequireAny: a key');
            is(status("/any$SECRET", @m, login('owner')), 200, 'RequireAny: a login');
            is(status("/bare$SECRET", @m), 401, 'without AuthType');
            is($t->last->header('WWW-Authenticate'), 'Bearer realm="rcapi"', '... we ask for a key');
        }
        is(status("/ask$SECRET", method => 'POST', body => 'x', login('owner')), 405, 'POST');
        my $etag = $t->get("/ask$SECRET", login('owner'))->header('ETag');
        is(status("/ask$SECRET", headers => ['If-None-Match' => $etag], login('owner')), 304,
            'If-None-Match of the owner');
        is(status("/ask$SECRET", headers => ['If-None-Match' => $etag], login('outsider')), 404, '... of an outsider');
        is(status("/ask$SECRET", headers => ['If-None-Match' => $etag]), 401, '... of nobody');
    };
}

subtest 'the default user and addresses' => sub {
    anonymous('on');
    $t->admin('ip', 'add', 'default', '10.0.0.0/8');
    $t->admin('ip', 'add', 'owner', '127.0.0.1');
    is(status("/ask$OPEN"), 401, 'a visitor from elsewhere is asked for a password');
    is(status("/$OPEN"), 403, '... where httpd asks for one');
    is(status("/ask$OPEN", login('owner')), 200, 'which may help');
    is(status("/ask$OPEN", login('outsider')), 403, 'or not');
    $t->admin('ip', 'remove', 'default', '10.0.0.0/8');
    $t->admin('ip', 'remove', 'owner', '127.0.0.1');
};

subtest 'Require user' => sub {
    is(status("/some$SECRET", login('owner', $_)), 200, $_) for qw(owner OWNER owner@example.org);
    is(status("/some$SECRET", login('reader')), 401, 'another one');
    $t->get("/some$SECRET", login('owner', 'Owner@example.org'));
    my $log = RCAPI::Run::slurp($t->dir . '/logs/access_log');
    like((split /\n/, $log)[-1], qr/^\S+ owner \[/, 'logs have the name');
};

subtest 'whom others have let in' => sub {
    anonymous('off');
    is(status("/file$SECRET", basic => 'owner:test'), 401, 'a user of the same name elsewhere is nobody here');
    is(status("/file$SECRET", as => 'owner', basic => 'joe:test'), 200, 'he needs a key');
    is(status("/trust$SECRET", basic => 'owner:test'), 200, 'RcapiTrustLogin On');
    is(status("/trust$SECRET", basic => 'outsider:test'), 404, '... with his rights');
    is(status("/trust$SECRET", basic => "$_:test"), 401, "... not for $_") for qw(joe default asleep);
    is(status("/trust$SECRET", basic => 'owner:wrong'), 401, '... and the right password');
    is(status("/mixed$SECRET", login('owner')), 200, 'two providers: ours');
    is(status("/mixed$SECRET", basic => 'joe:test'), 401, 'unknown to us: let in, but nobody');
    is(status("/mixed$SECRET", as => 'owner', basic => 'joe:test'), 200, '... with a key');
    is(status("/mixed$SECRET", as => 'owner', basic => 'owner:test'), 401, 'known to us: our password counts');
    is(status("/mixed$SECRET", as => 'owner', basic => 'asleep:test'), 401, 'inactive: no other provider is asked');
    for my $name ('owner', 'admin') {
        my $a = $t->get("/page$SECRET", basic => "$name:wrong");
        isnt($a->body, $DIFF, 'an error page is nobody\'s');
        is($a->status, 401, '... and refused');
    }
    is(status("/page$SECRET", basic => 'owner:test'), 200, 'the page itself');
};

subtest 'another name of the provider' => sub {
    is(status("/alias$SECRET", login('owner')), 200, 'its user');
    is(status("/alias$SECRET", basic => 'owner:wrong'), 401, 'a wrong password');
};

subtest 'a login page' => sub {
    my ($form, $headers) = ('httpd_username=owner&httpd_password=',
        ['Content-Type' => 'application/x-www-form-urlencoded']);
    my $password = $PASSWORD{owner} =~ s/([^A-Za-z])/sprintf '%%%02x', ord $1/ger;
    is(status("/form$SECRET"), 401, 'nobody');
    is($t->get('/form/login', method => 'POST', headers => $headers, body => "${form}wrong")->status, 401,
        'a wrong password');
    my $a = $t->get('/form/login', method => 'POST', headers => $headers, body => "$form$password");
    is($a->status, 302, 'the right one');
    my ($cookie) = ($a->header('Set-Cookie') // '') =~ /^([^;]+)/;
    is($t->get("/form$SECRET", headers => [Cookie => $cookie])->body, $DIFF, 'opens the view from now on');
    is(status("/form$SECRET", headers => [Cookie => 'session=x']), 401, 'another cookie does not');
};

# From here on, to check these passwords costs what it does in use.
$t->run({ env => { LD_PRELOAD => '' } }, $t->program('rcapi-admin'), '--data', $t->dir . '/data', 'password', $_,
    '--password', $PASSWORD{$_}) for qw(owner outsider);

subtest 'many at once, with one connection to the database' => sub {
    $t->{server}{config} .= "RcapiDatabaseMax 1\nRcapiPasswordMax 100\n";
    $t->reload;
    my @children = map {
        my $pid = fork // die;
        if (!$pid) {
            my $got = $t->get("/ask$SECRET", login($_ % 2 ? 'owner' : 'outsider'))->status;
            POSIX::_exit($got == ($_ % 2 ? 200 : 404) ? 0 : 1);
        }
        $pid;
    } 1 .. 24;
    my $failed = grep { waitpid($_, 0) && $? } @children;
    is($failed, 0, 'all are answered');
};

# Sixteen checks at once, where one is made at a time, and none ends until somebody was sent away.
subtest 'more passwords than are checked at once' => sub {
    $t->{server}{config} =~ s/RcapiPasswordMax 100/RcapiPasswordMax 1/;
    $t->reload;
    for my $place ("/ask$SECRET", '/plain/a.txt', "/form$SECRET") {
        my $checks = $place !~ /form/; # a form is shown to who has none
        my $as = $checks ? 'Authorization: Basic ' . encode_base64('owner:wrong', '') : 'X: y';
        spew($GATE, '') if $checks;
        my @sockets = map { RCAPI::HTTP::connect_to($t->port) } 1 .. 16;
        print {$_} "GET $place HTTP/1.0\r\n$as\r\n\r\n" for @sockets;
        ok(IO::Select->new(@sockets)->can_read(20), "$place: somebody gets an answer");
        unlink $GATE;
        my %count;
        for my $socket (@sockets) {
            my $answer = RCAPI::HTTP::parse(do { local $/; <$socket> });
            $count{ $answer->status }++;
            next if $answer->status != 503;
            is($answer->header('Retry-After'), 1, 'when to come again');
            like($answer->body, qr/^Too many passwords/, 'and why');
        }
        cmp_ok($count{401} // $count{302}, '>', 0, 'some are checked');
        cmp_ok($count{503} // 0, '>', 0, 'some are not') if $checks;
        is_deeply([grep { !/^(?:401|503|302)$/ } keys %count], [], 'and nothing else');
    }
    is(status("/ask$SECRET", login('owner')), 200, 'all places are free again');
    my %created =
        map { ($t->call(create_user => { username => "u$_", email => "u$_\@example.org",
            password => 'longer than six' })->{error} // 'none') => 1 } 1 .. 3;
    is_deeply([keys %created], ['none'], 'setting a password takes a place and gives it back');
};

subtest 'elsewhere in the same server' => sub {
    is(status('/plain/a.txt'), 401, 'nobody');
    is($t->get('/plain/a.txt', login('outsider'))->body, "hello\n", 'a login');
    is(status('/plain/a.txt', basic => 'outsider:wrong'), 401, 'a wrong password');
    is(status('/plain/a.txt', login('asleep')), 401, 'an inactive user');
    like($t->error_log, qr/RC0062: login refused despite the correct password: user 'asleep' is inactive/,
        '... with the reason in the log');
    is(status('/plain/a.txt', login('abroad')), 401, 'a wrong address');
    like($t->error_log, qr/RC0062: .*: user 'abroad' is not allowed from 127\.0\.0\.1/,
        '... with the reason in the log');
    unlike($t->error_log, qr/RC0062: .*: user 'outsider'/, 'of a wrong password httpd says all there is');
    is($t->get('/plain/a.txt?api_key=x', login('outsider'))->status, 200, 'what is not ours');
    is(status('/wrong/a.txt', login('outsider')), 403, 'Require rcapi without SetHandler rcapi');
    like($t->error_log, qr/Require rcapi is set where SetHandler rcapi is not/, '... is told to the administrator');
    is($t->get('/ssi/a.txt', login('owner'))->body, '[' . $DIFF . ']', 'a page that includes a view');
    unlike($t->get('/ssi/a.txt', login('outsider'))->body, qr/diff --git/, '... asks for the same user');
};

subtest 'configtest' => sub {
    my ($exit, $said) = $t->httpd_conf_test("<Location /x>\nRequire rcapi joe\n</Location>\n");
    isnt($exit, 0, 'Require rcapi takes no argument');
    like($said, qr/Require rcapi takes no argument \(joe\)/, 'and says so');
    ($exit, $said) = $t->httpd_conf_test("LoadModule auth_digest_module " . RCAPI::Server::apxs('LIBEXECDIR')
        . "/mod_auth_digest.so\n"
        . "<Location /x>\nAuthType Digest\nAuthDigestProvider rcapi\n</Location>\n");
    like($said, qr/rcapi.*Digest/i, 'bcrypt cannot do Digest');
};

$t->done;

subtest 'where nothing is mounted' => sub {
    my $u = RCAPI::Test->new(mounts => [], modules => ['authz_user'],
        directives => "<Location />\n$BASIC rcapi\nRequire valid-user\n</Location>\n");
    is($u->get('/', basic => "admin:$u->{password}")->status, 500, 'no users to ask');
    like($u->error_log,
        qr/RC0060: AuthBasicProvider rcapi: the user database is not open; is there a SetHandler rcapi/,
        'and the log says why');
    $u->done;
};

done_testing;
