# SPDX-License-Identifier: Apache-2.0
package RCAPI::Svn;

=head1 NAME

RCAPI::Svn - Subversion repositories for tests, made by one `svnadmin load` of a dump file

=head1 SYNOPSIS

    my $dump = RCAPI::Svn->dump;
    $dump->revision(log => 'first', author => 'ann', date => 1_000_000_000);   # undef: no such property
    $dump->dir('trunk');
    $dump->file('trunk/a', "text\n", { 'svn:eol-style' => 'native' });
    $dump->revision(log => 'second');
    $dump->edit('trunk/a', "other\n");               # content undef: only its properties, and the other way round
    $dump->copy('trunk', 'branches/b');              # from the revision before
    $dump->remove('trunk/a');
    $dump->replace('trunk/a', "new\n");              # removed and added in one revision
    $dump->load("$dir/repo");                        # into a repository that svnadmin or the API has made
    my $url = $dump->serve($t, 'repo');              # into a new one of the server; its URL for svn
    RCAPI::Svn::history($dump, 40, 7);               # 40 random revisions, the same for the same numbers
    RCAPI::Svn::svn('log', '-v', "file://$dir/repo");

What it knows of the tree is in $dump->{tree}: path => [content, properties], content undef for a directory;
of revision N in $dump->{trees}[N].

=cut

use strict;
use warnings;
use File::Temp ();
use POSIX ();
use RCAPI::Run qw(run);

# Whether $module can read Subversion repositories.
sub built { my ($module) = @_; return run({ root => 1 }, 'ldd', $module)->{out} =~ /\blibsvn_repos/ }

# A test of Subversion is skipped where the module was built without it.
sub import {
    return if built(($ENV{RCAPI_BUILD} // 'build') . '/mod_rcapi.so');
    require Test::More;
    Test::More::plan(skip_all => 'built without libsvn');
}

sub dump { return bless { text => '', rev => 0, tree => {}, trees => [{}] }, shift }

# Runs svn or svnadmin; what it prints. Dies when it fails. The first argument may be a hash of options of run.
my $config; # svn's own settings

sub program {
    my $opt = ref $_[0] ? shift : {};
    $config //= File::Temp->newdir('rcapi-XXXXXX', TMPDIR => 1);
    my $r = run({ %$opt, env => { HOME => "$config", LC_ALL => 'C.UTF-8', %{ $opt->{env} // {} } } }, @_);
    die "@_: exit $r->{exit}, signal $r->{signal}\n$r->{err}" if $r->{exit} || $r->{signal};
    return $r->{out};
}

sub svn {
    my $opt = ref $_[0] ? shift : {};
    return program($opt, 'svn', '--non-interactive', @_);
}

sub _props {
    my ($props) = @_;
    return join('', map {
        defined $props->{$_} ? sprintf "K %d\n%s\nV %d\n%s\n", length, $_, length $props->{$_}, $props->{$_} : ()
    } sort keys %$props) . "PROPS-END\n";
}

sub revision {
    my ($self, %opt) = @_;
    my $date = exists $opt{date} ? $opt{date} : 1_000_000_000 + 60 * $self->{rev};
    $date = POSIX::strftime('%Y-%m-%dT%H:%M:%S.000000Z', gmtime $date) if defined $date && $date =~ /^\d+$/;
    my $props = _props({
        'svn:log' => $opt{log}, 'svn:author' => exists $opt{author} ? $opt{author} : 'ann', 'svn:date' => $date,
        %{ $opt{props} // {} },
    });
    $self->{rev}++;
    $self->{text} .= sprintf "Revision-number: %d\nProp-content-length: %d\nContent-length: %d\n\n%s\n",
        $self->{rev}, (length $props) x 2, $props;
    $self->{trees}[ $self->{rev} ] = $self->{tree};
    return $self;
}

# The tree is copied before it changes, so that the trees of other revisions stay.
sub _tree {
    my ($self) = @_;
    my $tree = $self->{trees}[ $self->{rev} ] = { %{ $self->{trees}[ $self->{rev} ] } };
    return $self->{tree} = $tree;
}

sub _node {
    my ($self, $path, $action, $kind, $props, $content, @more) = @_;
    my $head = "Node-path: $path\n" . ($kind ? "Node-kind: $kind\n" : '') . "Node-action: $action\n" . join '', @more;
    my $p = $props ? _props($props) : '';
    $head .= 'Prop-content-length: ' . length($p) . "\n" if length $p;
    $head .= 'Text-content-length: ' . length($content) . "\n" if defined $content;
    my $body = $p . ($content // '');
    $head .= 'Content-length: ' . length($body) . "\n" if length $body || defined $content;
    $self->{text} .= "$head\n$body\n\n";
}

sub dir {
    my ($self, $path, $props) = @_;
    $self->_node($path, 'add', 'dir', $props // {});
    $self->_tree->{$path} = [undef, $props // {}];
}

sub file {
    my ($self, $path, $content, $props) = @_;
    $self->_node($path, 'add', 'file', $props // {}, $content);
    $self->_tree->{$path} = [$content, $props // {}];
}

sub edit {
    my ($self, $path, $content, $props) = @_;
    my ($old, $had) = @{ $self->{tree}{$path} };
    $self->_node($path, 'change', defined $old ? 'file' : 'dir', $props, $content);
    $self->_tree->{$path} = [$content // $old, $props // $had];
}

sub remove {
    my ($self, $path) = @_;
    $self->_node($path, 'delete');
    my $tree = $self->_tree;
    delete $tree->{$_} for grep { $_ eq $path || m{^\Q$path\E/} } keys %$tree;
}

sub replace {
    my ($self, $path, $content, $props) = @_;
    $self->_node($path, 'delete');
    $self->file($path, $content, $props);
}

sub copy {
    my ($self, $from, $to, $rev) = @_;
    $rev //= $self->{rev} - 1;
    my $old = $self->{trees}[$rev];
    $self->_node($to, 'add', defined $old->{$from}[0] ? 'file' : 'dir', undef, undef,
        "Node-copyfrom-rev: $rev\nNode-copyfrom-path: $from\n");
    my $tree = $self->_tree;
    $tree->{ $to . substr $_, length $from } = $old->{$_} for grep { $_ eq $from || m{^\Q$from\E/} } keys %$old;
}

sub text { "SVN-fs-dump-format-version: 2\n\n$_[0]{text}" }

# Loads the dump into the empty repository at $path.
sub load {
    my ($self, $path) = @_;
    program({ stdin => $self->text, timeout => 120 }, 'svnadmin', 'load', '-q', '--no-flush-to-disk', '--ignore-uuid',
        '--bypass-prop-validation', $path);
    return $self;
}

# Creates the repository $name of the server, with %args of create_repo, and loads the dump into it; its URL for svn.
sub serve {
    my ($self, $t, $name, %args) = @_;
    $t->must(create_repo => { repo_name => $name, repo_type => 'svn', %args });
    my $path = $t->dir . "/data/repos/$name";
    $self->load($path);
    return "file://$path";
}

# --- random histories

my @NAMES = ('a', 'b.txt', 'c d', 'e%20f', "\xc3\xa9", 'x#y', 'z[1]', 'q"t', "it's", 'back\\slash', '-dash', '.dot',
    'a@b', '@2', 'plus+', 'semi;colon', 'tilde~', '$dollar', '!bang', 'trunk');

sub _text {
    my ($lines) = @_;
    my $text = join '', map { ('', 'alpha ', 'beta ', '  ')[rand 4] . int(rand 9) . "\n" } 1 .. $lines;
    chomp $text if rand() < 0.2;
    $text =~ s/\n/\r\n/g if rand() < 0.1;
    return $text;
}

sub _props_at_random {
    my %props;
    $props{'svn:executable'} = '*' if rand() < 0.15;
    $props{'svn:keywords'} = 'Id Rev' if rand() < 0.1;
    $props{'svn:eol-style'} = 'native' if rand() < 0.1;
    $props{'own:prop'} = join "\n", map { int rand 4 } 1 .. 1 + rand 4 if rand() < 0.15;
    $props{'svn:mime-type'} = ('text/plain', 'application/octet-stream', 'image/png')[rand 3] if rand() < 0.1;
    return \%props;
}

sub _new_file {
    my ($self, $path) = @_;
    my $kind = rand;
    my $target = ('../x', 'b.txt', "\xc3\xa9")[rand 3];
    return $self->file($path, "link $target", { 'svn:special' => '*' }) if $kind < 0.08;
    return $self->file($path, "\0bin" . int(rand 100), rand() < 0.5 ? { 'svn:mime-type' => 'application/x' } : {})
        if $kind < 0.16;
    return $self->file($path, $kind < 0.2 ? '' : _text(rand 30), _props_at_random());
}

# A changed copy of a text.
sub _edited {
    my ($text) = @_;
    return "\0other" . int rand 100 if $text =~ /\0/;
    my @lines = split /^/, $text;
    for (1 .. 1 + rand 4) {
        splice @lines, rand(@lines + 1), rand() < 0.5 && @lines ? 1 : 0, rand() < 0.7 ? _text(1 + rand 2) : ();
    }
    $_ .= "\n" for grep { !/\n\z/ } @lines[0 .. $#lines - 1];
    return join '', @lines;
}

sub _change {
    my ($self, $touched) = @_;
    my $tree = $self->{tree};
    my $free = sub {
        my ($path) = @_;
        return !grep { $_ eq $path || m{^\Q$path\E/} || $path =~ m{^\Q$_\E(?:/|\z)} } keys %$touched;
    };
    my @files = grep { defined $tree->{$_}[0] && $free->($_) } sort keys %$tree;
    my @dirs = grep { !defined $tree->{$_}[0] } sort keys %$tree;
    my $in = $dirs[rand @dirs];
    my $new = "$in/" . $NAMES[rand @NAMES];
    my $can_add = !$tree->{$new} && $free->($new) && length($new) < 80;
    my $what = rand;
    if ($what < 0.25 && $can_add) { $touched->{$new} = 1; return _new_file($self, $new) }
    if ($what < 0.35 && $can_add) {
        $touched->{$new} = 1;
        return $self->dir($new, rand() < 0.2 ? { p => "1\n2" } : {});
    }
    if ($what < 0.45 && $can_add) {
        my $old = $self->{trees}[ $self->{rev} - 1 ];
        my @from = grep { $new !~ m{^\Q$_\E(?:/|\z)} } sort keys %$old;
        my $from = $from[rand @from] // return;
        $touched->{$new} = 1;
        return $self->copy($from, $new);
    }
    if ($what < 0.5 && @dirs > 6 && $in =~ m{/.*/} && $free->($in)) { $touched->{$in} = 1; return $self->remove($in) }
    if ($what < 0.55 && $free->($in)) {
        $touched->{"$in/\0"} = 1;
        return $self->edit($in, undef, { q => int rand 9 });
    }
    my $path = $files[rand @files] // return;
    my ($content, $props) = @{ $tree->{$path} };
    $touched->{$path} = 1;
    return $self->remove($path) if $what < 0.62;
    return $self->replace($path, _text(rand 20), _props_at_random()) if $what < 0.68;
    return if $props->{'svn:special'};
    return $self->edit($path, undef, { %{ _props_at_random() }, 'svn:mime-type' => $props->{'svn:mime-type'} })
        if $what < 0.75;
    return $self->edit($path, _edited($content), rand() < 0.2 ? _props_at_random() : undef);
}

# Adds $count revisions with changes at random.
sub history {
    my ($self, $count, $seed) = @_;
    srand $seed;
    $self->revision(log => "layout\n", author => 'ann');
    $self->dir($_) for qw(trunk branches tags trunk/src branches/one branches/two tags/v1);
    for (2 .. $count) {
        $self->revision(
            log => ("one\n", "subject\n\nbody\nlines\n", "\xc3\xbcber", '', "  blank \n\n\n", undef)[rand 6],
            author => ('ann', 'b b', "\xc3\xa9ric", undef)[rand 4],
        );
        my %touched;
        _change($self, \%touched) for 1 .. 1 + rand 8;
    }
    return $self;
}

1;
