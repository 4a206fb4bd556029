# SPDX-License-Identifier: Apache-2.0
# The source tarball and the Debian packages: `make dist`, `make deb`, `make test-deb`. The Makefile includes it.

# The files of the tree, or of the commit that a tarball was made of; their date is that of the release, so that
# the same files give the same tarball.
DATE    := $(shell awk '/^\#\# / { gsub(/[()]/, ""); print $$3; exit }' CHANGELOG.md)
NAME    := mod-rcapi-$(VERSION)
TARBALL := $(O)/$(NAME).tar.gz
LISTED   = if [ -e .git ]; then git ls-files -z; \
           else find . \( -path ./build -o -path ./var \) -prune -o -type f -print0; fi
PACK     = $(LISTED) | LC_ALL=C sort -z | tar --null --no-recursion --files-from=- --format=gnu -cf - \
             --mtime='$(DATE) 00:00 UTC' --owner=0 --group=0 --numeric-owner --mode=u+rw,go=u,go-w \
             --transform='s,^\(\./\)\?,$(1)/,'

.PHONY: dist deb test-deb
dist:
	@mkdir -p $(O)
	$(call say,TAR,$(TARBALL)) $(call PACK,$(NAME)) | gzip -n -9 > $(TARBALL).new && mv $(TARBALL).new $(TARBALL)

# dpkg wants debian/ at the top: it stands there in a copy of the tree, and is made of conf/debian and CHANGELOG.md.
DEB_VERSION ?= $(VERSION)
DEB_DIR      = $(O)/deb/mod-rcapi-$(DEB_VERSION)
deb:
	@command -v dh_apache2 dpkg-buildpackage >/dev/null || \
	  { echo 'Please run: sudo apt-get install debhelper dpkg-dev apache2-dev' >&2; exit 1; }
	@rm -rf $(DEB_DIR) && mkdir -p $(O)/deb
	@$(call PACK,mod-rcapi-$(DEB_VERSION)) | tar -C $(O)/deb -xf -
	@cp -r $(DEB_DIR)/conf/debian $(DEB_DIR)/debian
	@perl conf/debian/changelog.pl $(DEB_VERSION) > $(DEB_DIR)/debian/changelog
	@cd $(DEB_DIR) && env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u BUILD -u O -u CC dpkg-buildpackage -us -uc -j$(CORES)
	@rm -rf $(DEB_DIR)
	@! command -v lintian >/dev/null || lintian --fail-on error,warning $(O)/deb/mod-rcapi_$(DEB_VERSION)_*.changes
	@ls $(O)/deb/*_$(DEB_VERSION)_*.deb

test-deb:
	@sh t/deb/chroot $(O)
