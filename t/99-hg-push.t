#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Pushes by the system's hg and by hand (contract 08 §7): what they change, what follows them, who may, and what a push
# cannot do.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use RCAPI::Hg;
use RCAPI::HgClient;
use RCAPI::HTTP;
use RCAPI::Receiver;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(
    mounts => ['/', '/small'], whitelist => 'FilesController:*', children => 1,
    directives => <<'END',
Timeout 20
<Location "/small">
    RcapiHgPushMaxSize 1M
</Location>
END
);
my $ROOT = $t->dir . '/data/repos';
$t->user($_) for qw(bob wendy);
$t->must(create_repo => { repo_name => $_, repo_type => 'hg' }) for qw(g/r other);
$t->must(grant_user_permission => { repoid => $_, userid => 'wendy', perm => 'repository.write' }) for qw(g/r other);
my ($bob, $wendy, $admin) = map { RCAPI::HgClient->new($t, basic => "$_:" . $t->key($_)) } qw(bob wendy admin);
my $visitor = RCAPI::HgClient->new($t);
my $receiver = RCAPI::Receiver->new($t->dir . "/scratch/events");
$t->must(create_webhook => { url => $receiver->url . "/ok", repoid => "g/r" });

my $work = $wendy->clone('g/r');
my @ids = RCAPI::Hg::build($work,
    { files => { a => { data => "one\n" } } },
    { files => { a => { data => "two\n" } }, branch => 'stable' },
    { files => { b => { data => "three\n" } } },
    { files => { s => { data => "secret\n" } }, phase => 'secret' });

# What the journal says of pushes since the last call.
my $last = 0;
sub journal {
    my $rows = $t->sql("SELECT journal_id, username, action FROM journal WHERE journal_id > $last "
        . "AND action LIKE 'push%' ORDER BY 1");
    ($last) = $rows =~ /(\d+)\|[^\n]*\n\z/ if $rows;
    return join ' ', map { (split /\|/, $_, 2)[1] } split /\n/, $rows;
}

# A changeset of the work tree on top of another one.
sub commit_on {
    my ($parent, $text) = @_;
    $wendy->must('-R', $work, 'update', '-q', '-C', $parent);
    spew("$work/new", $text);
    $wendy->must('--cwd', $work, 'commit', '-q', '-A', '-m', $text, 'new');
    return $wendy->must('-R', $work, 'log', '-r', '.', '-T', '{node}');
}

sub log_of { RCAPI::Hg::hg('-R', "$ROOT/$_[0]", 'log', '-T', '{node|short} {phase} {bookmarks}\n') }
sub last_change { $t->must(get_repo => { repoid => $_[0] })->{last_changeset}{raw_id} }

subtest 'who may' => sub {
    my @push = ('-R', $work, 'push', '--new-branch');
    is $visitor->try(@push)->{err}, 'abort: http authorization required for ' . $visitor->url('g/r') . "\n",
        'a visitor';
    is $bob->try(@push)->{err}, "abort: HTTP Error 403: You may not push to `g/r`\n", 'a reader';
    is log_of('g/r'), '', 'nothing was changed';
    is journal(), '', '... nor recorded';
};

subtest 'push' => sub {
    my $r = $wendy->try('-R', $work, 'push', '--new-branch');
    like $r->{out}, qr/remote: added 3 changesets with 3 changes to 2 files/, 'what hg prints';
    is $r->{exit}, 0, '... its exit status';
    is journal(), 'wendy|push:' . join(',', @ids[0 .. 2]), 'the journal';
    is last_change('g/r'), $ids[2], 'the last changeset';
    is $t->get('/g/r/raw/tip/b', as => 'admin')->{body}, "three\n", 'a view';
    unlike log_of('g/r'), qr/draft|secret/, 'all of it is public';
    like RCAPI::Hg::hg('-R', "$ROOT/g/r", 'verify'), qr/checked 3 changesets/, 'hg verify';

    is $wendy->try('-R', $work, 'push')->{exit}, 1, 'nothing more';
    is journal(), '', '... is not recorded';
    $wendy->must('-R', $work, 'bookmark', '-r', $ids[0], 'mark');
    $wendy->try('-R', $work, 'push', '-B', 'mark');
    is journal(), 'wendy|push:bookmark=>mark', 'a bookmark';
    is_deeply $t->must(get_repo_refs => { repoid => 'g/r' })->{bookmarks}, { mark => $ids[0] }, '... is there';
    $wendy->must('-R', $work, 'bookmark', '-d', 'mark');
    $wendy->try('-R', $work, 'push', '-B', 'mark');
    is journal(), 'wendy|push:delete_bookmark=>mark', '... deleted';

    my $head = commit_on($ids[0], 'a head');
    $r = $wendy->try('-R', $work, 'push', '-r', $head);
    like $r->{err}, qr/push creates new remote head/, 'a new head';
    $r = $wendy->try('-R', $work, 'push', '-f', '-r', $head);
    is $r->{exit}, 0, '... with force';
    is journal(), "wendy|push:$head", '... the journal';
};

# A bundle with one part, which the server must know: its type and parameters.
sub bundle {
    my ($type, @params) = @_;
    my $head = pack('C/a N C2', uc $type, 0, @params / 2, 0) . pack('C*', map { length } @params) . join '', @params;
    return 'HG20' . pack 'N N/a N/a N N', 0, $head, 'x', 0, 0;
}

sub unbundle {
    my ($repo, $body, %opt) = @_;
    return $t->get("/$repo?cmd=unbundle", method => 'POST', body => $body, basic => 'wendy:' . $t->key('wendy'), %opt,
        headers => ['X-HgArg-1' => 'heads=666f726365', @{ $opt{headers} // [] }]);
}

subtest 'what a push cannot do' => sub {
    my $r = unbundle('other', bundle('remote-changegroup', url => $t->url . '/fetched', size => 1));
    is $r->{status}, 200, 'a part that names a URL is answered';
    like $r->{body}, qr/error:unsupportedcontent.*remote-changegroup/si, '... as unsupported';
    $r = unbundle('other', bundle('stream2', requirements => 'treemanifest', filecount => 1, bytecount => 1));
    like $r->{body}, qr/error:unsupportedcontent.*stream2/si, 'files of a store';
    for my $params ({ version => '03' }, { version => '02', treemanifest => 1 }) {
        $r = unbundle('other', bundle('changegroup', %$params));
        like $r->{body}, qr/error:abort.*changesets of this form are not accepted/si,
            'another form: ' . join ' ', %$params;
    }
    is slurp("$ROOT/other/.hg/requires"), "share-safe\n", 'the requirements are as they were';
    is $t->get('/other?cmd=capabilities')->{body} =~ /remote-changegroup/ ? 1 : 0, 0, 'it is not advertised';
    is unbundle('other', $_)->{status}, 200, 'no bundle is answered by hg' for 'HG10UN' . 'x' x 100, 'nonsense', '';
    is log_of('other'), '', 'nothing was changed';

    for my $name ('a%09b', 'a%0Ab', 'b' x 256, '') {
        my $arguments = "namespace=bookmarks&key=$name&old=&new=$ids[0]";
        is $t->get('/g/r?cmd=pushkey', method => 'POST', body => $arguments, basic => 'wendy:' . $t->key('wendy'),
            headers => ['X-HgArgs-Post' => length $arguments])->{status}, 400, 'a bookmark ' . substr $name, 0, 5;
    }
    is_deeply $t->must(get_repo_refs => { repoid => 'g/r' })->{bookmarks}, {}, '... is not made';

    my $mark = $t->dir . '/scratch/ran';
    spew("$ROOT/other/.hg/hgrc", "[hooks]\n" . join '', map { "$_ = touch $mark\n" }
        qw(prechangegroup pretxnopen pretxnclose txnclose changegroup incoming pushkey prepushkey));
    $wendy->must('-R', $work, 'push', '-q', '-r', $ids[0], $wendy->url('other'));
    is journal(), "wendy|push:$ids[0]", 'a push to a repository with hooks';
    ok !-e $mark, '... which do not run';
    is $t->get('/other?cmd=pushkey', method => 'POST', body => '', basic => 'wendy:' . $t->key('wendy'),
        headers => ['X-HgArg-1' => 'namespace=obsolete&key=dump0&old=&new=x'])->{status}, 400, 'obsolescence markers';
    is $t->get('/other?cmd=pushkey', method => 'POST', body => '', basic => 'wendy:' . $t->key('wendy'),
        headers => ['X-HgArg-1' => 'namespace=phases&old=1&new=0&key=' . '1' x 40])->{status}, 400, 'an unknown node';
};

subtest 'sizes' => sub {
    my $r = unbundle('small/other', 'x' x (1 << 20 | 1));
    is $r->{status}, 413, 'a push that is too large';
    like $r->{head}, qr/^HTTP\S+ 413 \w/, '... in the status line, too';
    my $large = $wendy->clone('other');
    spew("$large/large", RCAPI::Git::random_bytes(8 << 20));
    $wendy->must('--cwd', $large, 'commit', '-q', '-A', '-m', 'large');
    my $before = memory();
    $wendy->must('-R', $large, 'push', '-q');
    my $again = $visitor->clone('other', '-U');
    cmp_ok memory() - $before, '<', 4 << 10, 'a push and a clone of 8 MB stay out of the memory of httpd';
    is RCAPI::Hg::hg('-R', $again, 'cat', '-r', 'tip', "$again/large"), slurp("$large/large"), 'what was pushed';
    journal();
};

# KiB that httpd's child has had in memory, at most.
sub memory { (slurp('/proc/' . ($t->children)[0] . '/status') =~ /^VmHWM:\s+(\d+)/m)[0] }

subtest 'a push that grows' => sub {
    $t->must(create_repo => { repo_name => 'bomb', repo_type => 'hg', owner => 'wendy' });
    my $path = $wendy->folder;
    RCAPI::Hg::hg('init', $path);
    RCAPI::Hg::build($path, { files => { zeros => { data => "\0", times => 2 << 20 } } });
    for my $type ('gzip-v1', 'bzip2-v1', 'zstd-v2') {
        RCAPI::Hg::hg('-R', $path, 'bundle', '-q', '--all', '-t', $type, "$path.$type");
        my $bundle = slurp("$path.$type");
        cmp_ok length $bundle, '<', 10 << 10, "$type: 2 MiB in a small push";
        like unbundle('small/bomb', $bundle)->{body}, qr/^0\n|error:abort.*too large when/si, '... are too large';
    }
    is log_of('bomb'), '', '... nothing was changed';
    is unbundle('bomb', slurp("$path.gzip-v1"))->{status}, 200, 'within the limit';
    isnt log_of('bomb'), '', '... it is taken';
    journal();
};

# A bundle with parts: type, data, parameters.
sub parts {
    my $n = 0;
    my $part = sub {
        my ($type, $data, @params) = @_;
        return pack 'N/a N/a N', pack('C/a N C2', $type, $n++, @params / 2, 0)
            . pack('C*', map { length } @params) . join('', @params), $data, 0;
    };
    return 'HG20' . pack('N', 0) . join('', map { $part->(@$_) } @_) . pack 'N', 0;
}

subtest 'pushes of other programs' => sub {
    $t->must(create_repo => { repo_name => 'tagged', repo_type => 'hg', owner => 'wendy' });
    my $path = $wendy->clone('tagged');
    my ($first) = RCAPI::Hg::build($path, { files => { a => { data => "a\n" } } });
    $wendy->must('-R', $path, 'update', '-q');
    $wendy->must('--cwd', $path, 'tag', '-r', $first, 'x');
    my $tip = $wendy->must('-R', $path, 'log', '-r', 'tip', '-T', '{node}');
    RCAPI::Hg::hg('-R', $path, 'bundle', '-q', '--all', '-t', 'none-v2', "$path.hg");
    my $r = unbundle('tagged', slurp("$path.hg"));
    like "$r->{status} $r->{body}", qr/^200 1\n/, 'one that asks for no reply has succeeded';
    is journal(), "wendy|push:$first,$tip", '... it is recorded';
    is scalar(() = log_of('tagged') =~ /public/g), 2, '... it is there';
    my $now = log_of('tagged');
    like unbundle('tagged', "HG10BZgarbage")->{body}, qr/^0\n/, 'one that cannot be unpacked';
    like unbundle('tagged', 'HG20' . pack('N/a', 'Compression=BZ') . 'garbage')->{body},
        qr/error:abort.*cannot be unpacked/is, '... in the form of today';
    is log_of('tagged'), $now, '... changes nothing';

    # Mercurial stores where tags are said to stand: then it finds none, and those who clone neither, or it fails.
    is unbundle('tagged', parts(['hgtagsfnodes', $_]))->{status}, 200, 'tags of no changeset' for 'a' x 40, 'a';
    is unbundle('tagged', parts(['hgtagsfnodes', pack('H*', $tip) . "\0" x 20]))->{status}, 200, 'tags that are none';
    is unbundle('tagged', parts(['hgtagsfnodes', pack('H*', $first) . 'b' x 20]))->{status}, 200, '... and in no file';
    spew("$path/new", 'new');
    $wendy->must('--cwd', $path, 'commit', '-q', '-A', '-m', 'x', 'new');
    $wendy->must('-R', $path, 'push', '-q');
    is $t->get('/tagged?cmd=lookup&key=x')->{body}, "1 $first\n", '... are found';
    like $wendy->must('-R', $wendy->clone('tagged', '-U'), 'tags'), qr/^x +0:/m, '... in a clone, too';
    journal();
};

subtest 'a client that leaves' => sub {
    my $body = bundle('output');
    my $socket = RCAPI::HTTP::connect_to($t->port);
    my $auth = MIME::Base64::encode_base64('wendy:' . $t->key('wendy'), '');
    print $socket "POST /other?cmd=unbundle HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
        . "X-HgArg-1: heads=666f726365\r\nAuthorization: Basic $auth\r\n\r\n$body";
    $socket->flush;
    close $socket;
    my $before = log_of('other');
    is $t->get('/other?cmd=heads')->{status}, 200, 'others are served';
    is log_of('other'), $before, 'before it has sent everything: nothing is changed';
};

subtest 'a right that is lost while the client sends' => sub {
    RCAPI::Hg::hg('-R', $work, 'bundle', '-q', '--base', 'null', '-r', $ids[1], "$work.bundle");
    my $body = slurp("$work.bundle");
    my $before = log_of('other');
    my $socket = RCAPI::HTTP::connect_to($t->port);
    my $auth = MIME::Base64::encode_base64('wendy:' . $t->key('wendy'), '');
    syswrite $socket, "POST /other?cmd=unbundle HTTP/1.1\r\nHost: x\r\nContent-Length: " . length($body)
        . "\r\nConnection: close\r\nExpect: 100-continue\r\nX-HgArg-1: heads=666f726365\r\n"
        . "Authorization: Basic $auth\r\n\r\n";
    sysread $socket, my $got, 4096;
    like $got, qr{^HTTP/1.1 100 }, 'the push may begin';
    $t->must(grant_user_permission => { repoid => 'other', userid => 'wendy', perm => 'repository.read' });
    syswrite $socket, $body;
    like do { local $/; readline $socket }, qr{^HTTP/1.1 403 }, '... and is refused when all has come';
    is log_of('other'), $before, '... nothing was changed';
    $t->must(grant_user_permission => { repoid => 'other', userid => 'wendy', perm => 'repository.write' });
};

subtest 'locks' => sub {
    my $text = sub { "abort: HTTP Error 423: Repository `g/r` locked by user `$_[0]`. Reason:`$_[1]`\n" };
    my $true = JSON::PP::true();
    my $change = sub {
        my $id = commit_on('.', $_[0]);
        return ($id, $wendy->try('-R', $work, 'push', '-f', '-q', '-r', $id));
    };
    $t->must(lock => { repoid => 'g/r', locked => $true, userid => 'admin' });
    my ($id, $r) = $change->('1');
    is $r->{err}, $text->('admin', 'lock_api'), 'a lock of another';
    $t->must(lock => { repoid => 'g/r', locked => JSON::PP::false(), userid => 'admin' });
    $t->must(lock => { repoid => 'g/r', locked => $true, userid => 'wendy' });
    ($id, $r) = $change->('2');
    is "$r->{exit} $r->{err}", '0 ', 'an own lock, which the API made';
    like journal(), qr/^wendy\|push:\w+,$id\z/, '... the journal has both commits';
    is $t->must(get_repo => { repoid => 'g/r' })->{locked_by}{username}, 'wendy', '... it stays';
    $t->must(update_repo => { repoid => 'g/r', enable_locking => $true });
    ($id, $r) = $change->('3');
    is journal(), "wendy|push:$id wendy|push_unlock", 'with enable_locking it ends with the push';
};

subtest 'events for webhooks' => sub {
    $t->admin(qw(deliver --once --private));
    my ($push) = map { JSON::PP::decode_json($_->{body})->{event}{push} } $receiver->seen('/ok');
    is_deeply [map { $_->{raw_id} } @{ $push->{commits} }], [@ids[0 .. 2]], 'the commits of the first push';
    is_deeply [map { $_->{branch} } @{ $push->{commits} }], ['default', 'stable', 'default'], 'their branches';
    is_deeply [sort map { $_->{name} } @{ $push->{branches} }], ['default', 'stable'], 'the branches';
    my ($mark) = grep { $_->{git_ref_change} } map { @{ JSON::PP::decode_json($_->{body})->{event}{push}{commits} } }
        $receiver->seen('/ok');
    is $mark->{git_ref_change}, 'bookmark_add', 'a bookmark';
};

$t->done;
done_testing;
