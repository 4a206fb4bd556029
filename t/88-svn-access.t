#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Who may do what through the door to mod_dav_svn: rights, keys, locks and addresses for every method,
# hidden repositories, hooks, revision properties, destinations elsewhere, and URLs that nobody should send.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::GitClient;
use RCAPI::Receiver;
use RCAPI::Run qw(rounds run slurp spew);
use RCAPI::SvnClient;
use RCAPI::Test;

plan skip_all => 'no svn, or no mod_dav_svn' if !RCAPI::SvnClient::installed();

my @OPTIONS = (modules => [@RCAPI::SvnClient::MODULES], children => 1);
my $t = RCAPI::Test->new(@OPTIONS);
my @USERS = qw(owner writer reader outsider away);
$t->user($_, password => "password of $_") for @USERS;
$t->secret("password of $_") for @USERS;
my %basic = map { $_ => "$_:password of $_" } @USERS;
my %svn = map { $_ => RCAPI::SvnClient->new($t, user => $_, password => "password of $_") } @USERS;
my $path = RCAPI::SvnClient::repository($t, 'team/app', owner => 'owner', private => JSON::PP::true());
my $open = RCAPI::SvnClient::repository($t, 'open', owner => 'owner');
for (['writer', 'write'], ['reader', 'read'], ['away', 'write']) {
    $t->must(grant_user_permission => { repoid => 'team/app', userid => $_->[0], perm => "repository.$_->[1]" });
}
$t->sql("INSERT INTO user_ip (user_id, ip_addr) SELECT user_id, '10.0.0.0/8' FROM users WHERE username = 'away'");
my $receiver = RCAPI::Receiver->new($t->dir . '/scratch/events');
$t->must(create_webhook => { url => $receiver->url . '/ok', repoid => 'team/app' });
my %work = map { $_ => $svn{owner}->checkout($_) } qw(team/app open);
for my $repo (sort keys %work) {
    mkdir "$work{$repo}/trunk";
    spew("$work{$repo}/trunk/$_", "text of $_\n") for qw(f HEAD);
    spew("$work{$repo}/trunk/page.html", "<script>alert(1)</script>\n");
    $svn{owner}->must($work{$repo}, 'add', '-q', 'trunk');
    $svn{owner}->must($work{$repo}, 'propset', '-q', 'svn:mime-type', 'text/html', 'trunk/page.html');
    $svn{owner}->must($work{$repo}, 'commit', '-q', '-m', 'first');
}
my $git = $t->repo('code', commits => 2, args => { owner => 'owner' });

my @READ = qw(OPTIONS PROPFIND GET HEAD REPORT);
my @WRITE = qw(POST PUT DELETE PROPPATCH MKCOL COPY MOVE LOCK UNLOCK CHECKOUT MKACTIVITY MERGE UPDATE LABEL SEARCH
    FOO);
my @MORE = qw(BIND CHECKIN UNCHECKOUT BASELINE-CONTROL VERSION-CONTROL MKWORKSPACE);

sub status { my ($method, $url, @opt) = @_; return $t->get($url, method => $method, @opt)->status }
sub youngest { RCAPI::SvnClient::program($t, 'svnlook', 'youngest', $_[0]) + 0 }
sub fails {
    my ($what, $like, $who, @svn) = @_;
    my $r = $svn{$who}->try($work{'team/app'}, @svn);
    isnt($r->{exit}, 0, $what);
    like($r->{err}, $like, '... and svn says why');
}

subtest 'who may what' => sub {
    for my $where ('', '/trunk/f', '/!svn/rvr/1/trunk/f', '/!svn/me') {
        for my $case (
            ['visitor', 401, 401, undef, 'team/app'], ['outsider', 404, 404, 'outsider', 'team/app'],
            ['reader', 0, 403, 'reader', 'team/app'], ['writer', 0, 0, 'writer', 'team/app'],
            ['visitor of open', 0, 401, undef, 'open'], ['visitor of none', 401, 401, undef, 'none'],
            ['outsider of none', 404, 404, 'outsider', 'team/none'],
        ) {
            my ($who, $read, $write, $user, $repo) = @$case;
            my @login = $user ? (basic => $basic{$user}) : ();
            my %got = map { $_ => status($_, "/$repo$where", @login) } @READ, @WRITE;
            my $wrong = join ' ', map { "$_->[0]:$got{$_->[0]}" } grep {
                my ($method, $want) = @$_;
                my $not = $where eq '/trunk/f' && $method =~ /^(?:LOCK|UNLOCK|PUT|DELETE|MKCOL)$/ && !$want; # below
                !$not && ($want ? $got{$method} != $want : $got{$method} =~ /^(?:401|423)$/);
            } (map { [$_, $read] } @READ), map { [$_, $write] } @WRITE;
            is($wrong, '', "$who at ...$where");
        }
    }
    is(youngest($path), 1, 'nothing was changed');
    is(status('GET', '/team/app/trunk/f', basic => $basic{reader}), 200, 'a reader reads');
    is($t->get('/open/trunk/f')->body, "text of f\n", 'visitors see a file of a public repository');
    is($t->get('/open/!svn/rvr/1/trunk/HEAD')->body, "text of HEAD\n", '... in a revision whatever it is called');
    spew("$work{'team/app'}/trunk/f", "changed\n");
    fails('a reader does not commit', qr/You may not commit to `team\/app`/, 'reader', 'commit', '-m', 'x');
    fails('nor lock', qr/Not authorized to perform lock/, 'reader', 'lock', 'trunk/f');
    fails('an outsider sees nothing', qr/There is no such repository, or you may not read it/, 'outsider', 'update');
    is($svn{writer}->try($work{'team/app'}, 'commit', '-q', '-m', 'x')->{exit}, 0, 'a writer commits');
    is(RCAPI::SvnClient::program($t, 'svnlook', 'author', $path), "writer\n", '... as the author');
};

# Everything of an answer but the date, and what the URL itself brings in.
sub shape {
    my ($a, $name) = @_;
    return ($a->{head} . "\n" . $a->body) =~ s/^Date:.*\n//mr =~ s/\Q$name\E/NAME/gr;
}

subtest 'hidden is missing' => sub {
    for my $where ('', '/', '/trunk', '/trunk/f', '/trunk/f?p=1', '/HEAD', '/info/refs', '/objects/12/34', '/!svn/me',
        '/!svn/vcc/default', '/!svn/rvr/1/trunk', '/raw/tip/x', '/changeset-diff/1', '/git-upload-pack') {
        for my $who (undef, 'outsider') {
            my @opt = $who ? (basic => $basic{$who}) : ();
            my @differ = grep {
                shape($t->get("/team/app$where", method => $_, @opt), 'app')
                    ne shape($t->get("/team/zzz$where", method => $_, @opt), 'zzz')
            } @READ, @WRITE;
            is("@differ", '', ($who // 'visitor') . ": $where");
        }
    }
    my $id = $t->must(get_repo => { repoid => 'team/app' })->{repo_id};
    my @differ = grep {
        shape($t->get("/_$id/trunk/f", method => $_, basic => $basic{outsider}), "_$id")
            ne shape($t->get('/_99999/trunk/f', method => $_, basic => $basic{outsider}), '_99999')
    } @READ, @WRITE;
    is("@differ", '', 'by id');
};

subtest 'keys' => sub {
    my $url = '/team/app/trunk/f';
    for my $role (qw(all vcs http api feed)) {
        my $token = $t->token('reader', '--role', $role);
        my ($good, $bad) = $role =~ /all|vcs/ ? (200, 200) : (401, 401);
        is(status('PROPFIND', $url, headers => ['X-Api-Key' => $token, Depth => 0]), $good == 200 ? 207 : $bad,
            "$role in a header");
        is(status('GET', $url, headers => [Authorization => "Bearer $token"]), $good, '... as Bearer');
        is(status('GET', $url, basic => "reader:$token"), $good, '... as the password');
        is(status('GET', $url, basic => "x-token-auth:$token"), $good, '... with the name for tokens');
        is(status('GET', $url, basic => "owner:$token"), 401, '... with the name of another user');
        is(status('GET', "$url?api_key=$token"), 401, '... not in the URL');
        is(status('GET', "$url?auth_token=$token"), 401, '... by any name');
    }
    is(status('GET', '/open/trunk/f'), 200, 'visitors read');
    is(status('GET', '/open/trunk/f', basic => 'reader:a wrong one'), 401, 'but not with a wrong password');
    is(status('GET', '/open/trunk/f', headers => ['X-Api-Key' => 'x' x 40]), 401, 'nor with a wrong key');
    is($t->get('/open/!svn/me', method => 'OPTIONS', basic => 'a:b')->header('WWW-Authenticate'),
        'Basic realm="rcapi"', 'the client is asked for another one');
};

subtest 'addresses' => sub {
    for my $url ('/team/app/trunk/f', '/open/trunk/f', '/none/trunk/f') {
        is(status($_, $url, basic => $basic{away}), 403, "$_ $url") for qw(GET PROPFIND PUT);
    }
    fails('svn, too', qr/IP 127\.0\.0\.1 not allowed/, 'away', 'update');
};

subtest 'locks of repositories' => sub {
    my $url = '/team/app/trunk/f';
    for my $how (qw(lock_api lock_pull)) {
        $t->sql("UPDATE repo SET lock_user_id = (SELECT user_id FROM users WHERE username = 'writer'), locked_on = 1, "
            . "lock_reason = '$how', enable_locking = 1 WHERE repo_name = 'team/app'");
        is(status($_, $url, basic => $basic{owner}, headers => [Depth => 0]), $_ eq 'PROPFIND' ? 207 : 200,
            "$how: others read by $_") for qw(GET HEAD PROPFIND OPTIONS);
        is(status($_, $url, basic => $basic{owner}), 423, "... but do not $_") for grep { $_ ne 'PROPPATCH' } @WRITE;
        my $a = $t->get($url, method => 'MKACTIVITY', basic => $basic{owner});
        is($a->header('Content-Type'), 'text/xml; charset="utf-8"', '... with an error of DAV');
        my $why = "Repository `team/app` locked by user `writer`. Reason:`$how`";
        like($a->body, qr{<m:human-readable errcode="\d+">\n\Q$why\E\n}, '... that says why');
        spew("$work{'team/app'}/trunk/f", "for $how\n");
        fails('no commit', qr/\Q$why\E/, 'owner', 'commit', '-m', 'x');
        is($svn{writer}->try($work{'team/app'}, 'commit', '-q', '-m', 'x')->{exit}, 0, 'its holder commits');
        is($t->sql("SELECT lock_user_id FROM repo WHERE repo_name = 'team/app'"), "\n", '... which releases it');
    }
};

subtest 'revision properties' => sub {
    my $before = youngest($path);
    fails('svn propset', qr/Revision properties cannot be changed here/, 'owner',
        'propset', '--revprop', '-r1', 'svn:log', 'forged');
    my $body = '<?xml version="1.0"?><D:propertyupdate xmlns:D="DAV:" '
        . 'xmlns:S="http://subversion.tigris.org/xmlns/svn/"><D:set><D:prop>'
        . '<S:log>forged</S:log></D:prop></D:set></D:propertyupdate>';
    my @change = (method => 'PROPPATCH', basic => $basic{owner}, body => $body);
    my @places = qw(rev/1 bln/1 bln/1/ vcc/default rvr/1/trunk/f bc/1/trunk ver/1/trunk/f me his/x txn txn/../rev/1
        txn%2F..%2Frev%2F1 txnx/1);
    for my $where (@places) {
        my $a = $t->get("/team/app/!svn/$where", @change);
        cmp_ok($a->status, '>=', 400, "PROPPATCH $where: " . $a->status);
    }
    is($t->get('/team/app/trunk/f', @change)->status, 403, 'nor at a file');
    spew("$path/hooks/pre-revprop-change", "#!/bin/sh\nexit 0\n");
    is($t->get('/team/app/!svn/rev/1', @change)->status, 403, '... with a hook for it');
    unlink "$path/hooks/pre-revprop-change";
    is(RCAPI::SvnClient::program($t, 'svnlook', 'log', '-r1', $path), "first\n", 'nothing was forged');
    is(youngest($path), $before, 'no revision was made');
};

subtest 'the author of a commit' => sub {
    my @owner = (basic => $basic{owner});
    my $head = '<?xml version="1.0"?>';
    for my $skel ('( create-txn )', '( create-txn-with-props ( 10 svn:author 6 writer ) )') {
        my $a = $t->get('/open/!svn/me', method => 'POST', @owner, body => $skel,
            headers => ['Content-Type' => 'application/vnd.svn-skel']);
        my $txn = '/open/!svn/txn/' . ($a->header('SVN-Txn-Name') // 'none');
        is($a->status, 201, "$skel: a commit begins");
        for my $set (['author', 'writer'], ['log', 'a message']) {
            $t->get($txn, method => 'PROPPATCH', @owner, body => qq($head<D:propertyupdate xmlns:D="DAV:" )
                . 'xmlns:S="http://subversion.tigris.org/xmlns/svn/"><D:set><D:prop>'
                . "<S:$set->[0]>$set->[1]</S:$set->[0]></D:prop></D:set></D:propertyupdate>");
        }
        $a = $t->get('/open', method => 'MERGE', @owner, body => qq($head<D:merge xmlns:D="DAV:"><D:source>)
            . "<D:href>$txn</D:href></D:source><D:no-auto-merge/><D:no-checkout/></D:merge>");
        is($a->status, 200, '... and ends');
        is(RCAPI::SvnClient::program($t, 'svnlook', 'log', $open), "a message\n", '... with the message');
        is(RCAPI::SvnClient::program($t, 'svnlook', 'author', $open), "owner\n", '... but the user as its author');
    }
};

subtest 'hooks of a repository that came with them' => sub {
    my $mark = $t->dir . '/scratch/hook-ran';
    my @hooks = qw(start-commit pre-commit post-commit pre-revprop-change post-revprop-change pre-lock post-lock
        pre-unlock post-unlock anything.sh);
    my $before = youngest($path);
    spew("$work{'team/app'}/trunk/f", "under hooks\n");
    for my $hook (@hooks) {
        spew("$path/hooks/$hook", "#!/bin/sh\necho \$0 >> $mark\nexit 0\n");
        chmod 0755, "$path/hooks/$hook";
        fails("$hook: no commit", qr/This repository has hooks, which the server does not run/, 'owner',
            'commit', '-m', 'x');
        fails('... no lock', qr/Not authorized to perform lock/, 'owner', 'lock', 'trunk/f');
        is(status($_, '/team/app/!svn/me', basic => $basic{owner}), 403, "... no $_") for qw(POST MERGE);
        is($svn{reader}->try($work{'team/app'}, 'update')->{exit}, 0, '... but readers read');
        is($t->call(get_repo_changeset => { repoid => 'team/app', revision => '1' })->{error}, undef,
            '... and the API does');
        unlink "$path/hooks/$hook";
    }
    chmod 0311, "$path/hooks";
    fails('a directory that cannot be listed', qr/This repository has hooks/, 'owner', 'commit', '-m', 'x')
        if $>; # root lists it
    chmod 0755, "$path/hooks";
    ok(!-e $mark, 'no hook ran');
    is(youngest($path), $before, 'nothing was committed');
    spew("$path/hooks/post-commit.tmpl", "#!/bin/sh\necho \$0 >> $mark\n");
    chmod 0755, "$path/hooks/post-commit.tmpl";
    is($svn{owner}->try($work{'team/app'}, 'commit', '-q', '-m', 'x')->{exit}, 0, 'a template is no hook');
    ok(!-e $mark, '... and does not run');
};

subtest 'destinations' => sub {
    my $from = '/team/app/trunk/f';
    my $before = join ' ', youngest($path), youngest($open);
    my @owner = (basic => $basic{owner});
    for my $to ('/open/trunk/x', '/team/app2/x', '/team/x', '/', '/code/x', '/team/app/../../open/trunk/x',
        '/team/app%2F..%2F..%2Fopen/trunk/x', '/_admin/api') {
        for my $method (qw(COPY MOVE)) {
            my $a = $t->get($from, method => $method, @owner, headers => [Destination => $t->url . $to]);
            ok($a->status == 403 || $a->status == 400 || $a->status == 404, "$method to $to: " . $a->status);
        }
    }
    for my $to ('http://example.org/team/app/x', 'https://127.0.0.1/team/app/x', 'no url', '', '//', 'http://[/') {
        cmp_ok(status('COPY', $from, @owner, headers => [Destination => $to]), '>=', 400, "COPY to $to");
    }
    is(join(' ', youngest($path), youngest($open)), $before, 'nothing was copied');
};

subtest 'contents are foreign' => sub {
    my $a = $t->get('/open/trunk/page.html');
    is($a->header('Content-Type'), 'text/html', 'the type that the file has');
    is($a->header('Content-Security-Policy'), "default-src 'none'; sandbox", '... runs nothing');
    is($a->header('X-Content-Type-Options'), 'nosniff', '... and is not guessed');
    like(join(' ', $a->header('Cache-Control')), qr/private/, '... for this reader only');
    is($t->get('/open/trunk/none')->header('Content-Security-Policy'), "default-src 'none'; sandbox", 'errors, too');
};

subtest 'other repositories are served as before' => sub {
    is(status('GET', '/code/raw/tip/%21svn/x', as => 'owner'), 404, 'a view');
    is(status('POST', '/code/changeset-diff/tip', as => 'owner'), 405, '... and its methods');
    my $clone = RCAPI::GitClient->new($t)->clone('code');
    ok(-d "$clone/.git", 'git clones');
    is(status('GET', '/code/HEAD'), 403, '... by its own protocol alone');
    is(status('PROPFIND', '/code/', basic => $basic{owner}), 404, 'no svn there');
    is($t->call('get_ip', {})->{error}, undef, 'the API');
    is(status('OPTIONS', '/_admin/api'), 200, '... also by OPTIONS');
    is(status('GET', '/'), 200, 'the list of repositories');
};

subtest 'a client of another type' => sub {
    $t->repo('closed', commits => 1, args => { owner => 'owner', private => JSON::PP::true() });
    my $none = 'There is no such repository, or you may not read it';
    my $svn = sub { my ($who, $name) = @_; $svn{$who}->try($t->dir, 'ls', $svn{$who}->url($name))->{err} };
    like($svn->('reader', 'code'), qr/^svn: E175002: `code` is a repository of git, not of svn$/m, 'svn, of git');
    like($svn->('reader', $_), qr/^svn: E175002: $none$/m, "svn: $_") for qw(closed nothing);
    my $git = sub {
        my $client = RCAPI::GitClient->new($t, as => $_[0]);
        return $client->try($t->dir, 'ls-remote', $client->url($_[1]))->{err};
    };
    like($git->('reader', 'team/app'), qr{^remote: `team/app` is a repository of svn, not of git\s*$}m,
        'git, of svn');
    like($git->('outsider', $_), qr/^remote: $none\s*$/m, "git: $_") for qw(team/app nothing);
};

subtest 'a view that does not exist' => sub {
    my $url = '/code/changeset-dif/tip';
    is($t->get($url, basic => $basic{owner})->body, 'Not Found', 'for a user');
    like($t->error_log, qr/RC0051: \Q$url\E refused with 404: no view has this URL/, '... and the log');
    my $text = qr/^No view has this URL, and no Subversion repository opens without a login, or a token with the role/;
    for my $key ($t->token('owner', '--role', 'api'), 'x' x 40) {
        my $answer = $t->get($url, headers => ['X-Api-Key' => $key]);
        is($answer->status, 401, 'for a key');
        like($answer->body, $text, '... that clients of Subversion do not send');
    }
    like($t->get('/team/app/trunk/f?api_key=' . $t->key('owner'))->body, $text, 'for a key in the URL');
    is($t->get('/team/app/trunk/f', basic => 'owner:wrong')->body, 'Wrong user name, password or token (a token needs'
        . ' the role vcs or all)', 'for a wrong password');
};

subtest 'URLs and bodies that nobody should send' => sub {
    my @parts = ('', qw(. .. %2e %2E%2e %2f %252f %252F%252f %00 %2500 %25 %252e % %zz !svn %21svn me vcc default bc
        bln wbl wrk act txn txr vtxn vtxr ver rvr his rev -1 0 1 1-1 trunk f api_key=%252f), '9' x 20,
        "\xff", '%ff%fe', 'x' x 300, ';', '&amp;', '*');
    my $xml = '<?xml version="1.0"?>';
    my @bodies = ('', 'x', '<', "$xml<a/>", qq($xml<D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>),
        '(create-txn )', '( create-txn-with-props ( 7 svn:log 1 x ) )', "\0\0\0",
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>');
    my @types = ('text/xml', 'application/vnd.svn-skel', 'application/vnd.svn-svndiff', 'x');
    my ($before, @silent) = youngest($path);
    for my $name (qw(%2541%252f %252E x%252F%252Fy %2500 api_key=%252f)) { # for these, libsvn ends its process
        for my $method (qw(LOCK PUT MKCOL DELETE COPY)) {
            my $to = $t->url . "/team/app/$name";
            is(status($method, "/team/app/trunk/$name", basic => $basic{writer}, headers => [Destination => $to]), 400,
                "$method $name");
        }
    }
    srand(42);
    for (1 .. rounds(400, 6000)) {
        my $url = join '/', '/team/app', rand() < 0.6 ? '!svn' : (), map { $parts[rand @parts] } 1 .. 1 + rand 4;
        my $method = (@READ, @WRITE, @MORE)[rand 27];
        my $to = join '/', $t->url . '/team/app', map { $parts[rand @parts] } 1 .. 1 + rand 3;
        my $a = $t->get($url, method => $method, basic => $basic{writer}, body => $bodies[rand @bodies], headers => [
            'Content-Type' => $types[rand @types], Destination => $to, Depth => ('0', '1', 'infinity', 'x')[rand 4],
            (rand() < 0.2 ? (If => "<$to> (<opaquelocktoken:x>)", Label => 'x') : ()),
            (rand() < 0.2 ? ('X-SVN-Version-Name' => '-5', 'X-SVN-Options' => 'x', 'User-Agent' => 'SVN/1.14') : ())]);
        push @silent, "$method $url, to $to" if !$a->status;
    }
    is(join("\n", @silent), '', 'each was answered');
    RCAPI::SvnClient::program($t, 'svnadmin', 'verify', '-q', $path);
    is($t->get('/team/app/trunk/f', basic => $basic{reader})->status, 200, 'the server goes on');
    note('revisions made: ' . (youngest($path) - $before));
};
subtest 'events for webhooks' => sub {
    $t->admin(qw(deliver --once --private));
    my ($event) = map { JSON::PP::decode_json($_->{body})->{event} } $receiver->seen('/ok');
    is_deeply [map { @$_{qw(raw_id message branch author)} } @{ $event->{push}{commits} }],
        ['1', 'first', undef, 'owner'], 'a commit';
    is $event->{actor}{username}, 'owner', 'who made it';
};

$t->done;

subtest 'RcapiSvnHooks On' => sub {
    my $hooks = RCAPI::Test->new(@OPTIONS, directives => "RcapiSvnHooks On\n");
    $hooks->user('owner', password => 'password of owner');
    my $there = RCAPI::SvnClient::repository($hooks, 'h', owner => 'owner');
    my $owner = RCAPI::SvnClient->new($hooks, user => 'owner', password => 'password of owner');
    my $checkout = $owner->checkout('h');
    my $mark = $hooks->dir . '/scratch/ran';
    spew("$there/hooks/post-commit", "#!/bin/sh\necho \"\$2\" > $mark\n");
    spew("$there/hooks/pre-lock", "#!/bin/sh\necho no locks here >&2\nexit 1\n");
    chmod 0755, glob "$there/hooks/*";
    spew("$checkout/f", "x\n");
    $owner->must($checkout, 'add', '-q', 'f');
    is($owner->try($checkout, 'commit', '-q', '-m', 'x')->{exit}, 0, 'a commit');
    is(slurp($mark), "1\n", '... runs the hook');
    like($owner->try($checkout, 'lock', 'f')->{err}, qr/no locks here/, 'a hook refuses');
    is($hooks->call(get_repo_changeset => { repoid => 'h', revision => '1' })->{error}, undef, 'the API reads it');
    like($owner->try($checkout, 'propset', '--revprop', '-r1', 'svn:log', 'x')->{err}, qr/cannot be changed here/,
        'revision properties stay closed');
    my $repos = $hooks->dir . '/data/repos';
    RCAPI::SvnClient::program($hooks, 'svnadmin', 'create', "$repos/$_") for qw(along bdb);
    chmod 0755, glob "$repos/along/hooks/*";
    rename "$repos/along/hooks/post-commit.tmpl", "$repos/along/hooks/post-commit";
    spew("$repos/bdb/db/fs-type", "bdb\n");
    is_deeply($hooks->must('rescan_repos')->{added}, ['along'], 'a repository that brings hooks is added');
    my $check = $hooks->try_admin('check');
    is($check->{exit}, 1, 'rcapi-admin check');
    is(join(' ', "$check->{out}$check->{err}" =~ /\b(h|along|bdb) /g), 'bdb', '... names no repository for its hooks');
    $hooks->done;
};

done_testing;
