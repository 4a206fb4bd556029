#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Clone and pull by the system's hg (contract 08 §7): the same as from the folder; who may, what is refused and how hg
# shows it; what single requests are answered; what a hostile repository or request cannot do.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use RCAPI::Hg;
use RCAPI::HgClient;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(
    mounts => ['/', '/off', '/poor'], children => 1,
    directives => <<'END',
LogFormat "%m %U%q %>s" short
CustomLog logs/requests short
<Location "/off">
    RcapiHg Off
</Location>
<Location "/poor">
    RcapiHgMemory 1M
</Location>
END
);
my $ROOT = $t->dir . '/data/repos';
$t->user($_) for qw(bob wendy);
$t->repo('gits', empty => 1);
$t->must(create_repo => { repo_name => $_, repo_type => 'hg' }) for qw(g/r hidden plain);
$t->must(update_repo => { repoid => 'hidden', private => JSON::PP::true() });
$t->must(grant_user_permission => { repoid => 'g/r', userid => 'wendy', perm => 'repository.write' });
RCAPI::Hg::random("$ROOT/g/r", 3, 40);
RCAPI::Hg::build("$ROOT/plain", { files => { a => { data => "one\n" } }, bookmarks => ['mark'] });
my $visitor = RCAPI::HgClient->new($t);
my ($bob, $wendy) = map { RCAPI::HgClient->new($t, basic => "$_:" . $t->key($_)) } qw(bob wendy);

# What hg says of a repository; phases as a publishing server shows them.
sub told {
    my ($path) = @_;
    my $log = RCAPI::Hg::hg('-R', $path, 'log', '-r', 'sort(not secret() and not obsolete(), node)', '-T',
        '{node} {branch} {author} {date|hgdate} {p1node} {p2node} {extras} {desc|json}\n');
    return $log . RCAPI::Hg::hg('-R', $path, 'bookmarks', '-T', '{bookmark} {node}\n');
}

# The requests of hg since the last call: their commands. They are logged after the answers: of $clones clones or pulls
# the last request is getbundle.
my $seen = 0;
sub commands {
    my ($clones) = @_;
    my (@lines, @new);
    patiently(10, sub {
        @lines = split /\n/, slurp($t->dir . '/logs/requests');
        @new = map { /cmd=(\w+)[^ ]* (\d+)/ ? $2 == 200 ? $1 : "$1:$2" : () } @lines[$seen .. $#lines];
        return $clones <= grep { $_ eq 'getbundle' } @new;
    });
    $seen = @lines;
    return "@new";
}

# Kept answers to clones; those of capabilities have no number of a repository.
sub kept { grep { !m{/rcapi-0-[^/]*\z} } glob "$ROOT/.rc_archives/*.hg*" }

subtest 'clone and pull' => sub {
    commands(0);
    my $work = $visitor->clone('g/r', '-U');
    is commands(1), 'capabilities batch getbundle', 'three requests for a clone';
    my $direct = $visitor->folder;
    RCAPI::Hg::hg('clone', '-q', '-U', '--pull', "$ROOT/g/r", $direct);
    is told($work), told($direct), 'as from the folder';
    like RCAPI::Hg::hg('-R', $work, 'verify'), qr/^checked \d+ changesets/m, 'hg verify';
    is RCAPI::Hg::hg('-R', $work, 'log', '-r', 'not public()', '-T', 'x'), '', 'all of it is public';
    my @kept = kept();
    is scalar(@kept), 1, 'the answer is kept';
    is told($bob->clone('g/r', '-U')), told($work), 'another client gets the same';
    is_deeply [kept()], \@kept, '... the same answer';
    like $t->sql("SELECT username FROM journal WHERE action = 'pull' ORDER BY journal_id"), qr/^default\ndefault\n\z/,
        'two pulls by a visitor: hg sends no password where none is wanted';

    my ($old) = RCAPI::Hg::hg('-R', $direct, 'log', '-r', '10', '-T', '{node}');
    my $part = $visitor->clone('g/r', '-U', '-r', $old);
    commands(2);
    like $visitor->must('-R', $part, 'pull'), qr/added \d+ changesets/, 'hg pull';
    is commands(1), 'capabilities batch getbundle', '... three requests';
    is told($part), told($work), '... and all is there';
    like $visitor->must('-R', $part, 'pull'), qr/no changes found/, '... nothing more';
    like $visitor->must('-R', $part, 'pull', $visitor->url('poor/g/r')), qr/no changes found/,
        '... once more, for which no program runs';
    like $visitor->try('clone', '-U', $visitor->url('poor/plain'), $visitor->folder)->{err}, qr/HTTP Error 500/,
        'a program without memory';
    is $visitor->must('identify', '--id', '-r', $old, $visitor->url('g/r')), substr($old, 0, 12) . "\n", 'hg identify';
    my $id = $t->must(get_repo => { repoid => 'g/r' })->{repo_id};
    is $t->get("/_$id?cmd=heads")->{body}, $t->get('/g/r?cmd=heads')->{body}, 'by the id of the repository';
};

subtest 'requests that look alike' => sub {
    my $path = '/plain?cmd=getbundle';
    my $want = 'common=' . '0' x 40;
    my $arguments = "bundlecaps=HG20&$want";
    my $get = sub { $t->get($path, headers => ['X-HgArg-1' => $arguments, @_])->{body} };
    my $post = sub { my $body = shift; $t->get($path, method => 'POST', body => $body, headers => [@_]) };
    my $other = $post->("$want&", 'X-HgArg-1' => 'bundlecaps=HG20', 'X-HgArgs-Post' => length $want);
    is $other->{status}, 200, 'arguments in the body count, not those in headers';
    my $answer = $get->();
    isnt $answer, $other->{body}, '... another client does not get this answer';
    is $post->($arguments, 'X-HgArgs-Post' => length $arguments)->{body}, $answer, '... as one with a body gets it';
    isnt $get->('X-HgProto-1' => '0.2 comp=', 'X-HgProto-2' => 'none'),
        $get->('X-HgProto-1' => '0.2 comp=', 'X-HgProto-2' => 'zlib'), 'all headers that say what a client reads';

    my $pulls = sub { $t->sql("SELECT count(*) FROM journal WHERE action = 'pull'") };
    my $before = $pulls->();
    $post->($arguments, 'X-HgArg-1' => 'cg=0', 'X-HgArgs-Post' => length $arguments);
    $t->get("$path&x=;cg=0", headers => ['X-HgArg-1' => 'common=' . '0' x 40]);
    is $pulls->() - $before, 2, 'a pull that looks like none is recorded';
    $post->('bundlecaps=HG20&cg=0', 'X-HgArgs-Post' => 20);
    is $pulls->() - $before, 2, '... not one without changesets';
    my $two = "x=\0&cg=1&$arguments";
    my $got = $t->get("$path&cg=0", method => 'POST', body => $two, headers => ['X-HgArgs-Post' => length $two]);
    is $got->{status}, 400, 'a NUL does not hide arguments';
    is $pulls->() - $before, 2, '... and nothing is pulled';
};

subtest 'copies of the files' => sub {
    my $work = $visitor->folder;
    like $visitor->must('clone', '-U', '--stream', $visitor->url('plain'), $work), qr/files to transfer/,
        'clone --stream';
    is told($work), told("$ROOT/plain"), 'all is there';
    like RCAPI::Hg::hg('-R', $work, 'verify'), qr/checked 1 changesets/, 'hg verify';
    my $other = $visitor->try('clone', '-U', '--stream', $visitor->url('g/r'), $visitor->folder);
    unlike $other->{out}, qr/files to transfer/, 'not of a repository that hides changesets';
    spew($t->dir . '/scratch/other', "not for clients\n");
    symlink $t->dir . '/scratch/other', "$ROOT/plain/.hg/clonebundles.manifest";
    my $r = $t->get('/plain?cmd=clonebundles');
    is $r->{status}, 400, 'a link in the repository is not followed';
    unlike $r->{body}, qr/not for clients/, '... its target is not shown';
    unlink "$ROOT/plain/.hg/clonebundles.manifest";
};

subtest 'who may' => sub {
    my $why = sub { my ($client, $repo) = @_; $client->try('identify', $client->url($repo))->{err} };
    my $gone = 'There is no such repository, or you may not read it';
    is $why->($bob, $_), "abort: HTTP Error 404: $gone\n", "bob and $_" for qw(hidden nothing);
    is $why->($visitor, $_), 'abort: http authorization required for ' . $visitor->url($_) . "\n", "a visitor and $_"
        for qw(hidden nothing);
    is $why->($bob, 'gits'), "abort: HTTP Error 404: `gits` is a repository of git, not of hg\n", 'git';
    my $wrong = RCAPI::HgClient->new($t, basic => 'bob:wrong');
    is $why->($wrong, 'hidden'), "abort: authorization failed\n", 'a wrong password';
    my $r = $t->get('/hidden?cmd=heads', basic => 'bob:wrong');
    is $r->{status}, 401, '... 401';
    like $r->header('WWW-Authenticate'), qr/^Basic realm=/, '... with a challenge';
    like $r->{body}, qr/^Wrong user name, password or token/, '... and a text';
    like $r->header('Content-Type'), qr{^text/plain}, '... a plain one';
    my $token = $t->token('wendy', '--role', 'vcs');
    $t->must(grant_user_permission => { repoid => 'hidden', userid => 'wendy', perm => 'repository.read' });
    is $t->get('/hidden?cmd=heads', basic => "wendy:$token")->{status}, 200, 'a token';
    is $t->get('/hidden?cmd=heads', headers => [Authorization => "Bearer $token"])->{status}, 200, '... in a header';
    is $t->get("/hidden?cmd=heads&api_key=$token")->{status}, 401, '... not in the URL';
    unlike $t->get('/off/g/r?cmd=heads')->{head}, qr/mercurial/, 'RcapiHg Off';
};

# What hg answers to commands, each a list: its name, then names and values of arguments.
sub answers_of_hg {
    my ($path, @commands) = @_;
    my $in = '';
    for (@commands) {
        my ($name, %arguments) = @$_;
        $in .= "$name\n" . join '', map { "$_ " . length($arguments{$_}) . "\n$arguments{$_}" } sort keys %arguments;
        $in .= "* 0\n" if $name =~ /^(?:batch|known)$/;
    }
    my $out = RCAPI::Hg::hg({ stdin => $in }, '-R', $path, 'serve', '--stdio');
    return map { $out =~ s/\A(\d+)\n//; substr $out, 0, $1, '' } @commands;
}

sub escaped { my ($text) = @_; return $text =~ s/([^\w.])/sprintf '%%%02X', ord $1/ger }

subtest 'answers without a program' => sub {
    RCAPI::Hg::hg('-R', "$ROOT/g/r", 'bookmark', '-r', 'tip', $_) for 'a@b', 'a@', "b;c=d, f";
    for my $repo ('g/r', 'plain', 'hidden') {
        my $all = RCAPI::Hg::hg('-R', "$ROOT/$repo", '--hidden', 'log', '-T', '{node} ');
        my $nodes = $all . join ' ', '0' x 40, '1' x 40;
        my @ask = (['heads'], [known => nodes => $nodes], [known => nodes => ''],
            (map { [listkeys => namespace => $_] } qw(bookmarks phases namespaces x)),
            [batch => cmds => "heads ;known nodes=$nodes"], [batch => cmds => 'listkeys namespace=bookmarks;heads '],
            [batch => cmds => 'lookup key=tip;heads '],
            [batch => cmds => join ';', ('heads ') x 40], ['capabilities'], ['branchmap']);
        my @want = answers_of_hg("$ROOT/$repo", @ask);
        for my $i (0 .. $#ask) {
            my ($command, $name, $value) = @{ $ask[$i] };
            my $r = $t->get("/$repo?cmd=$command" . (defined $name ? "&$name=" . escaped($value) : ''), as => 'admin',
                headers => ['X-Api-Key' => $t->key('admin')]);
            if ($command eq 'capabilities') { # of http there are more; files of hidden changesets are not copied
                my $stream = $repo eq 'g/r' ? '|%0Astream%3Dv2|streamreqs=\S+' : '';
                s/ ?(?:batch|protocaps|compression=\S+|http\w+=\S+|%0Aremote-changegroup%3Dhttp%2Chttps$stream)//g
                    for $r->{body}, $want[$i];
            }
            if ($command eq 'branchmap') { # in any order
                $_ = join "\n", sort split /\n/ for $r->{body}, $want[$i];
            }
            is $r->{body}, $want[$i], "$repo: $command " . substr $value // '', 0, 40;
        }
    }
};

subtest 'single requests' => sub {
    my $heads = RCAPI::Hg::hg('-R', "$ROOT/plain", 'log', '-r', 'head()', '-T', '{node} ') =~ s/ \z/\n/r;
    my $r = $t->get('/plain?cmd=heads');
    is $r->{body}, $heads, 'heads';
    is $r->header('Content-Type'), 'application/mercurial-0.1', '... its type';
    is $r->header('Cache-Control'), 'no-cache', '... not for caches';
    is $t->get('/plain/?cmd=heads')->{body}, $heads, '... with a slash';
    is $t->get('/plain?cmd=pushkey&cmd=heads')->{status}, 401, 'the first cmd counts';
    is $t->get('/plain?cmd=heads&cmd=pushkey')->{body}, $heads, '... for hg, too';
    is $t->get('/plain?cmd=lookup', headers => ['X-HgArg-1' => 'key=ma', 'X-HgArg-2' => 'rk'])->{body}, "1 $heads",
        'arguments in headers';
    is $t->get('/plain?cmd=lookup', method => 'POST', body => 'key=mark', headers => ['X-HgArgs-Post' => 8])->{body},
        "1 $heads", '... in the body';
    is $t->get('/plain?cmd=lookup&key=mark')->{body}, "1 $heads", '... in the URL';
    my $push = 'pushkey namespace%3Dbookmarks%2Ckey%3Dx%2Cold%3D%2Cnew%3D' . substr($heads, 0, 40);
    for my $as (undef, 'wendy', 'admin') {
        my @who = $as ? (basic => "$as:" . $t->key($as)) : ();
        my $r = $t->get('/plain?cmd=batch', method => 'POST', body => '', @who,
            headers => ['X-HgArg-1' => 'cmds=' . ($push =~ s/%/%/gr =~ s/ /%20/gr)]);
        is $r->{status}, 400, ($as // 'a visitor') . ': a batch does not write';
    }
    unlike RCAPI::Hg::hg('-R', "$ROOT/plain", 'bookmarks'), qr/\bx\b/, '... nothing was written';
    is $t->get("/plain?cmd=$_")->{status}, 401, "a visitor: $_" for 'unbundle', 'pushkey', 'log', 'archive', '', '%00';
    is $t->get("/plain?cmd=$_", basic => 'bob:' . $t->key('bob'))->{status}, 403, "a reader: $_" for 'unbundle', 'log';
    for my $query ('cmd=log', 'cmd=rawfile&file=a&node=tip', 'cmd=static&file=style.css', 'cmd=--config') {
        my $r = $t->get("/plain?$query", basic => 'admin:' . $t->key('admin'));
        is $r->{status}, 400, "a writer: $query";
        is $r->{body}, 'This is not a command of Mercurial that is served here', '... why';
    }
    is $t->get('/plain?cmd=heads', method => 'PUT')->{status}, 405, 'another method';
    is $t->get('/plain?cmd=heads', method => 'PUT')->header('Allow'), 'GET, POST', '... which are served';
    my $none = '1' x 40;
    is $t->get("/plain?cmd=$_")->{status}, 400, "malformed: $_"
        for 'between&pairs=x', 'known', 'batch&cmds=x', "getbundle&heads=$none", "branches&nodes=$none";
    my $tip = substr $heads, 0, 40;
    my %lists = (
        between => sub { 'pairs=' . join ' ', ("$tip-" . '0' x 40) x $_[0] },
        branches => sub { 'nodes=' . join ' ', ($tip) x $_[0] },
        batch => sub { 'cmds=' . join ';', ('lookup key=tip') x $_[0] },
    );
    $lists{'batch of between'} = sub { 'cmds=' . join ';', ('between ' . $lists{between}->($_[0] / 2)) x 2 };
    my $ask = sub {
        my ($command, $body) = @_;
        return $t->get("/plain?cmd=$command", method => 'POST', body => $body,
            headers => ['X-HgArgs-Post' => length $body]);
    };
    for my $name (sort keys %lists) {
        is $ask->($name =~ /(\w+)/, $lists{$name}->(100))->{status}, 200, "$name: a hundred";
        is $ask->($name =~ /(\w+)/, $lists{$name}->(102))->{status}, 400, '... more are refused';
    }
    is $t->get('/plain?cmd=unbundle', basic => 'admin:' . $t->key('admin'))->{status}, 405, 'a push by GET';
    is $t->get('/plain?cmd=known', method => 'POST', body => 'x' x (10 << 20 | 1))->{status}, 413, 'a large body';
};

subtest 'settings of a repository' => sub {
    my $mark = $t->dir . '/scratch/ran';
    spew($t->dir . '/scratch/evil.py', "open('$mark', 'w')\n");
    spew("$ROOT/plain/.hg/hgrc", <<"END");
[hooks]
preoutgoing = touch $mark
outgoing = touch $mark
prelistkeys = touch $mark
[extensions]
evil = ${\ $t->dir}/scratch/evil.py
[phases]
publish = no
[web]
deny_read = *
[server]
pullbundle = yes
END
    ok $visitor->clone('plain', '-U'), 'a clone';
    ok !-e $mark, 'no hook and no extension ran';
    spew("$ROOT/plain/.hg/requires", "share-safe\nlfs\n");
    is $t->get('/plain?cmd=heads')->{status}, 500, 'a requirement that would load an extension';
    like $t->error_log, qr/plain is a Mercurial repository with the requirement lfs/, '... the log says why';
    spew("$ROOT/plain/.hg/requires", "share-safe\n");
};

subtest 'locks' => sub {
    my $text = sub { "Repository `g/r` locked by user `$_[0]`. Reason:`$_[1]`" };
    my $pull = sub { $_[0]->try('clone', '-U', $_[0]->url('g/r'), $_[0]->folder)->{err} };
    $t->must(update_repo => { repoid => 'g/r', enable_locking => JSON::PP::true() });
    $t->must(update_repo => { repoid => 'g/r', private => JSON::PP::true() });
    $t->must(grant_user_permission => { repoid => 'g/r', userid => 'bob', perm => 'repository.read' });
    is $pull->($wendy), '', 'a pull by a writer';
    is $t->must(get_repo => { repoid => 'g/r' })->{locked_by}{username}, 'wendy', '... locks the repository';
    is $pull->($bob), 'abort: HTTP Error 423: ' . $text->('wendy', 'lock_pull') . "\n", 'another one is refused';
    is $pull->($wendy), '', '... not the first one';
    is $t->get('/g/r?cmd=listkeys&namespace=phases', basic => 'bob:' . $t->key('bob'))->{status}, 200,
        'listkeys is not checked';
    my $r = $t->get('/g/r?cmd=getbundle', basic => 'bob:' . $t->key('bob'));
    is $r->{status}, 423, 'the status';
    is $r->{body}, $text->('wendy', 'lock_pull'), '... and the text';
    $t->must(lock => { repoid => 'g/r', locked => JSON::PP::true(), userid => 'wendy' });
    is $pull->($wendy), 'abort: HTTP Error 423: ' . $text->('wendy', 'lock_api') . "\n", 'a lock by the API';
    $t->must(lock => { repoid => 'g/r', locked => JSON::PP::false(), userid => 'wendy' });
};

$t->done;
done_testing;
