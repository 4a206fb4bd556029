#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Repositories that other programs made: their format, odd references, borrowed objects, very many
# references, and files that change while they are read.
use strict;
use warnings;

use Fcntl qw(SEEK_SET);
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use POSIX qw(mkfifo);
use Test::More;
use Time::HiRes qw(sleep);

use RCAPI::Run qw(patiently rounds run slurp spew);
use RCAPI::Test;

# Gives files away, which only root can: it begins before root's tests become an ordinary account.
open my $root_shell, '|-', 'sh' or die "sh: $!";
$root_shell->autoflush;
my $is_root = !$>;

my $t = RCAPI::Test->new(children => 1, threads => 26, whitelist => '*', directives => "RcapiArchiveCache None\n");
my $root = "$t->{dir}/data/repos";
my ($child) = $t->children;

sub line { my ($dir, @args) = @_; return $t->git($dir, @args) =~ s/\n//r }

sub set_config {
    my ($repo, $text) = @_;
    spew("$repo->{path}/config.new", $text);
    rename "$repo->{path}/config.new", "$repo->{path}/config" or die;
}

# --- formats

my $CORE = "[core]\n\tbare = true\n\trepositoryformatversion = ";
my @FORMATS = (    # config => what the error names, or undef
    ["${CORE}0\n"], ["${CORE}1\n"], [''], ["# nothing\n"], ["[core]\nbare\n"],
    ["${CORE}1\n[extensions]\n\tnoop = 1\n\tpreciousObjects = true\n\tpartialClone = origin\n\tworktreeConfig = "
        . "true\n"],
    ["${CORE}1\n[extensions]\n\tobjectFormat = sha1\n\trefStorage = files\n"],
    ["${CORE}0\n[extensions]\n\tfuture = true\n"],
    ["${CORE}1\n[extensions \"x\"]\n\tfuture = true\n[other]\nobjectformat = sha256\n"],
    ["${CORE}1 ; sha256\n# [extensions]\n#objectformat = sha256\n"],
    ["${CORE}2\n", 'core.repositoryformatversion is 2'],
    ["[CORE] RepositoryFormatVersion=\"7\"\n", 'core.repositoryformatversion is 7'],
    ["${CORE}x\n", 'core.repositoryformatversion is no number'],
    ["${CORE}-1\n", 'core.repositoryformatversion is no number'],
    ["${CORE}1\n[extensions]\n\tobjectFormat = sha256\n", 'extensions.objectformat=sha256'],
    ["${CORE}0\n[extensions]\n\tobjectformat=\"sha256\"\n", 'extensions.objectformat=sha256'],
    ["${CORE}1\n[extensions]\n\trefStorage = reftable\n", 'extensions.refstorage=reftable'],
    ["${CORE}1\n[Extensions]\n\tFuture = yes\n", 'extensions.future=yes'],
    ["${CORE}1\n[extensions]\n\tfuture\n", 'extensions.future=true'],
);

subtest 'formats' => sub {
    my $repo = $t->repo('format', commits => 3);
    my $right = $t->get('/format/changeset-diff/tip', as => 'admin')->body;
    for my $case (@FORMATS) {
        my ($config, $names) = @$case;
        my $what = $config =~ s/\n\t?/ /gr;
        set_config($repo, $config);
        my $a = $t->get('/format/changeset-diff/tip', as => 'admin');
        if ($names) {
            is $a->status, 500, "refused: $what";
            like $t->error_log, qr/the format of the repository is not supported: \Q$names\E/, 'by name, in the log';
            my $call = $t->call(get_repo_refs => { repoid => 'format' });
            is $call->{error}, 'failed to get repo: `format` references', 'the API, too';
        } else {
            is $a->body, $right, "served: $what";
        }
    }
};

subtest 'rescan' => sub {
    $t->git($root, qw(init -q --bare --object-format=sha256), "$root/sha256");
    for my $name (qw(v2 reftable ext)) {
        $t->git($root, qw(init -q --bare), "$root/$name");
    }
    spew("$root/v2/config", "${CORE}2\n");
    spew("$root/reftable/config", "${CORE}1\n[extensions]\nrefstorage = reftable\n");
    spew("$root/ext/config", "${CORE}1\n[extensions]\nfuture = true\n");
    my $result = $t->must(rescan_repos => {});
    is_deeply $result->{added}, [], 'none is added';
    my %names = (sha256 => 'extensions.objectformat=sha256', v2 => 'core.repositoryformatversion is 2',
        reftable => 'extensions.refstorage=reftable', ext => 'extensions.future=true');
    like $t->error_log, qr/\b$_: [^\n]*\Q$names{$_}\E/, "$_: the log says why" for sort keys %names;
};

# --- pipes and the like

subtest 'a pipe in place of a file' => sub {
    for my $file (
        qw(config HEAD packed-refs shallow refs/heads/master objects/info/alternates objects/pack/multi-pack-index
        objects/info/commit-graph rcapi/order objects/pack/pack-1.idx objects/pack/pack-1.pack)) {
        my $name = $file =~ s{\W}{-}gr;
        my $repo = $t->repo("pipe-$name", commits => 2);
        my ($folder) = "$repo->{path}/$file" =~ m{(.*)/};
        unlink "$repo->{path}/$file";
        mkdir $folder;
        mkfifo("$repo->{path}/$file", 0644) or die "$file: $!";
        my @answers = map { $t->get("/$repo->{name}/$_", as => 'admin', timeout => 20)->status } qw(changeset-diff/tip
            feed/atom);
        ok !(grep { !/\A(?:200|404|422|500)\z/ } @answers), "$file: answers: @answers";
        unlink "$repo->{path}/$file";
    }
};

# --- references

# What git says of branches and tags that lead to commits.
sub refs_of {
    my ($path) = @_;
    my %refs = (branches => {}, tags => {});
    for (split /\n/, run({}, 'git', '--git-dir', $path, 'for-each-ref', '--format=%(refname)', 'refs/heads',
        'refs/tags')->{out}) {
        my $id = run({}, 'git', '--git-dir', $path, qw(rev-parse -q --verify), "$_^{commit}")->{out} =~ s/\n//r;
        my ($kind, $name) = m{^refs/(heads|tags)/(.*)};
        utf8::decode($name);
        $refs{ $kind eq 'heads' ? 'branches' : 'tags' }{$name} = $id if length $id == 40;
    }
    return \%refs;
}

sub check_refs {
    my ($repo, $what) = @_;
    my $is = $t->must(get_repo_refs => { repoid => $repo->{name} });
    my $want = refs_of($repo->{path});
    is_deeply { map { $_ => $is->{$_} } qw(branches tags) }, $want, $what;
    return $is;
}

subtest 'references of every kind' => sub {
    my $r = $t->repo('odd', commits => 16);
    my $p = $r->{path};
    my @ids = split /\n/, $t->git($p, qw(rev-list --reverse master));
    my $put = sub {
        my ($name, $text) = @_;
        system('mkdir', '-p', "$p/$name" =~ s{/[^/]*$}{}r);
        spew("$p/$name", "$text\n")
    };
    my $tree = line($p, 'rev-parse', 'master^{tree}');

    $t->git($p, qw(update-ref refs/remotes/origin/main), $ids[1]);
    $t->git($p, qw(update-ref refs/notes/commits), $ids[2]);
    $t->git($p, qw(update-ref refs/heads/packed), $ids[3]);
    $t->git($p, qw(pack-refs --all));
    $put->('refs/heads/to-remote', 'ref: refs/remotes/origin/main');
    $put->('refs/heads/to-packed', 'ref:   refs/heads/packed  ');
    $put->('refs/heads/to-head', 'ref: HEAD');
    $put->('refs/tags/to-branch', 'ref: refs/heads/packed');
    $put->('refs/heads/unborn', 'ref: refs/heads/never');
    $put->('refs/heads/loop1', 'ref: refs/heads/loop2');
    $put->('refs/heads/loop2', 'ref: refs/heads/loop1');
    $put->('refs/heads/self', 'ref: refs/heads/self');
    $put->("refs/heads/chain$_", $_ == 50 ? $ids[0] : 'ref: refs/heads/chain' . ($_ + 1)) for 1 .. 50;
    $put->('refs/heads/outside', 'ref: ../../../etc/passwd');
    $put->('refs/heads/long', "$ids[0]garbage");
    $put->('refs/heads/blanks', "$ids[0] and more");
    $put->('refs/heads/upper', uc $ids[0]);
    $put->('refs/heads/missing', 'f' x 40);
    $put->('refs/heads/a/b/c/d', $ids[4]);
    symlink 'refs/heads/packed', "$p/refs/heads/link-old" or die;    # git lists none such
    symlink 'packed2', "$p/refs/heads/link-file" or die;
    $put->('refs/heads/packed2', $ids[4]);
    symlink '/nowhere', "$p/refs/heads/link-nowhere" or die;
    $put->('refs/tags/tree', $tree);
    $put->('refs/tags/blob', line($p, { stdin => 'x' }, qw(hash-object -w --stdin)));
    my $tag = $ids[-1];
    $tag = line($p, { stdin => "object $tag\ntype " . ($_ > 1 ? 'tag' : 'commit')
        . "\ntag t$_\ntagger A <a\@x.org> 1 +0000\n\nx\n" }, 'mktag') for 1 .. 50;
    $put->('refs/tags/deep', $tag);
    $t->git($p, qw(tag -a -m x of-tree), $tree);
    $put->("refs/heads/$_", $ids[1]) for qw(1 tip HEAD head), $ids[2], 'name.with.dots', "caf\xc3\xa9", '-x';
    $put->("refs/tags/$_", $ids[2]) for qw(1 2 tip), substr($ids[3], 0, 10);
    my $refs = check_refs($r, 'loose, links, chains, loops');
    ok !$refs->{branches}{$_}, "no $_" for qw(unborn loop1 self chain1 outside long missing);
    is $refs->{branches}{$_}, $ids[3], $_ for qw(to-packed);
    is $refs->{branches}{'link-file'}, $ids[4], 'a link to a file of another';
    is $refs->{tags}{deep}, $ids[-1], 'a tag of 50 tags';
    my @order = map { $_->{raw_id} }
        @{ $t->must(get_repo_changesets => { repoid => 'odd', start_rev => '0', limit => -1 }) };
    is_deeply \@order, [split /\n/,
        $t->git($p, qw(rev-list --reverse --date-order), map { "$_" } sort values %{ $refs->{branches} },
            values %{ $refs->{tags} })], 'the same commits';
    unlink map { "$p/refs/heads/$_" } qw(missing long outside link-nowhere link-file link-old blanks loop1 loop2 self),
        map { "chain$_" } 1 .. 50;
    $t->git($p, qw(pack-refs --all));
    check_refs($r, 'all packed');
    $t->git($p, qw(update-ref refs/heads/packed), $ids[0]);
    $t->git($p, qw(update-ref -d refs/tags/deep));
    check_refs($r, 'loose over packed');
    $put->('refs/heads/packed', 'garbage');
    check_refs($r, 'a broken one hides the packed one');
    like $t->error_log, qr{refs/heads/missing points to a missing object and is left out},
        'the log names what was left out';

    # A branch can name a reference that is neither branch nor tag: packed, a file, HEAD.
    unlink "$p/refs/heads/packed";
    for my $move (['refs/remotes/origin/main', sub { $t->git($p, 'update-ref', 'refs/remotes/origin/main', $ids[5]) }],
        ['the same, now a file', sub { $t->git($p, 'update-ref', 'refs/remotes/origin/main', $ids[6]) }],
        ['HEAD', sub { $t->git($p, qw(symbolic-ref HEAD refs/heads/a/b/c/d)) }]) {
        my ($target, $code) = @$move;
        sleep 0.2; # from then on unchanged file times are believed
        check_refs($r, "before a change of $target");
        $code->();
        check_refs($r, "a branch that names $target");
    }
};

subtest 'HEAD as a link' => sub {
    my $r = $t->repo('head', commits => 2);
    $t->git($r->{path}, qw(pack-refs --all));
    my $right = $t->get('/head/changeset-diff/tip', as => 'admin')->body;
    unlink "$r->{path}/HEAD";
    symlink 'refs/heads/master', "$r->{path}/HEAD" or die;
    is $t->get('/head/changeset-diff/tip', as => 'admin')->body, $right, 'served';
    $t->must(fork_repo => { repoid => 'head', fork_name => 'head-fork' });
    is line("$root/head-fork", 'symbolic-ref', 'HEAD'), 'refs/heads/master', 'a fork has a HEAD of today';
    system('cp', '-a', $r->{path}, "$root/head-copy");
    is_deeply $t->must(rescan_repos => {})->{added}, ['head-copy'], 'rescan adds such a one';
};

# --- borrowed objects

subtest 'objects of another account' => sub {
    plan skip_all => 'needs root' if !$is_root;
    my $lender = $t->repo('lender', commits => 4, args => { private => JSON::PP::true() });
    my $r = $t->repo('borrower', commits => 1);
    my $id = line($lender->{path}, 'rev-parse', 'master');
    my $file = "$r->{path}/objects/info/alternates";
    mkdir "$r->{path}/objects/info";
    spew($file, "$lender->{path}/objects\n");
    spew("$r->{path}/refs/heads/stolen", "$id\n");
    print $root_shell "chown 12345:12345 '$file'\n";
    patiently(5, sub { (stat $file)[4] == 12345 }) or die 'chown';
    $t->call(get_repo_refs => { repoid => 'borrower' });
    unlike $t->last->body, qr/$id/, 'are not borrowed';
    isnt $t->get("/borrower/changeset-diff/$id", as => 'admin')->status, 200, 'nor shown';
    like $t->error_log, qr/objects are not borrowed from [^\n]*lender/, 'the log says so';
    like $t->call(fork_repo => { repoid => 'borrower', fork_name => 'thief' })->{error}, qr/failed to fork/,
        'nor copied';
    unlink $file;
    spew($file, "$lender->{path}/objects\n");
    is $t->get("/borrower/changeset-diff/$id", as => 'admin')->status, 200, 'those of the same account are';
};

# --- very many references

sub private_kb {
    my $text = slurp("/proc/$child/smaps_rollup");
    return $text =~ /^Anonymous:\s+(\d+) kB/m ? $1 : die $text;
}

# Runs functions at the same time; how many said that all is well.
sub together {
    my @pids = map {
        my $do = $_;
        my $pid = fork // die "fork: $!";
        if (!$pid) { my $ok = eval { $do->() }; POSIX::_exit($ok ? 0 : 1) }
        $pid;
    } @_;
    return scalar grep { waitpid($_, 0); $? == 0 } @pids;
}

subtest 'very many references' => sub {
    my $r = $t->repo('many', commits => 3);
    my $p = $r->{path};
    my @ids = split /\n/, $t->git($p, qw(rev-list --reverse master));
    my $n = 60_000;
    $t->git($p, qw(pack-refs --all));
    spew("$p/packed-refs", join '', "# pack-refs with: peeled fully-peeled sorted \n",
        map({ sprintf "%s refs/heads/b%06d\n", $ids[$_ % 3], $_ } 1 .. $n), "$ids[-1] refs/heads/master\n");
    my $before = private_kb();
    my $more = $ENV{RCAPI_PRELOAD} ? 3 : 1; # a sanitizer keeps what is freed, and surrounds each piece
    my $get = sub {
        my $a = $t->get('/many/changeset-diff/tip', as => 'admin', timeout => 100);
        return $a->status == 200 && $a->body =~ /^diff --git/
    };
    is together(($get) x 24), 24, '24 requests at once';
    my $first = private_kb() - $before;
    cmp_ok $first, '<', $more * 60 * 1024, "they share what they read (${first} KiB)";
    $t->git($p, qw(update-ref refs/heads/new), $ids[0]);
    is together(($get) x 24), 24, '24 requests after a push';
    my $second = private_kb() - $before;
    cmp_ok $second, '<', $more * 75 * 1024, "and let go what they read before (${second} KiB)";
};

# What a push has brought is there for each request that begins after it.
subtest 'pushes meanwhile' => sub {
    my $r = $t->repo('busy', commits => 3);
    my $p = $r->{path};
    my $tree = line($p, 'rev-parse', 'master^{tree}');
    my $log = "$t->{dir}/pushed";
    spew($log, '');
    my $push = sub {
        my $tip = line($p, 'rev-parse', 'master');
        for my $i (1 .. rounds(30, 60)) {
            $tip = line($p, { env => { GIT_COMMITTER_DATE => (2_000_000_000 + $i) . ' +0000' } },
                qw(-c user.name=a -c user.email=a@x.org commit-tree -m), "push $i", '-p', $tip, $tree);
            $t->git($p, qw(update-ref refs/heads/master), $tip);
            $t->git($p, qw(pack-refs --all)) if $i % 7 == 0;
            $t->git($p, qw(repack -adq)) if $i % 15 == 0;
            spew("$log.new", $i);
            rename "$log.new", $log;
        }
        return 1;
    };
    my $ask = sub {
        for (1 .. rounds(30, 60)) {
            my $least = slurp($log) || 0;
            my $is = $t->call(get_repo_changeset => { repoid => 'busy', revision => 'tip' })->{result}{message}
                // 'nothing';
            my ($i) = $is =~ /^push (\d+)/;
            return 0 if ($i // 0) < $least;
        }
        return 1;
    };
    is together($push, ($ask) x 6), 7, 'no answer is older than the push before it';
};

# --- a pack that is cut while it is read

subtest 'a pack cut in its place while it is read' => sub {
    my $r = $t->repo('cut', build => sub {
        my ($work) = @_;
        spew("$work/large", RCAPI::Git::random_bytes(2 << 20));
        $t->git($work, qw(add -A));
        $t->git($work, qw(commit -q -m large));
    });
    $t->git($r->{path}, qw(repack -adfq));
    my ($pack) = glob "$r->{path}/objects/pack/*.pack";
    my $whole = slurp($pack);
    chmod 0644, $pack;
    my $right = $t->get('/cut/raw/tip/large', as => 'admin')->body;
    my $cut = sub {
        for my $i (1 .. rounds(40, 60)) {
            truncate $pack, length($whole) * ($i % 9) / 10;
            sleep 0.01;
            open my $fh, '+<:raw', $pack or die;
            print $fh $whole;
            close $fh;
            sleep 0.02;
        }
        return 1;
    };
    my $ask = sub {
        for (1 .. rounds(16, 25)) {
            my $a = $t->get('/cut/raw/tip/large', as => 'admin');
            return 0 if !$a->status || $a->status == 200 && $a->body ne $right;
        }
        return 1;
    };
    is together($cut, ($ask) x 5), 6, 'answers are right or errors';
    is_deeply [$t->children], [$child], 'no child was lost';
    is $t->get('/cut/raw/tip/large', as => 'admin')->body, $right, 'right again';
};

print $root_shell "exit\n";
close $root_shell;
$t->done;
done_testing;
