"""What the pages of finance share: the toolbar of periods and filters, charts, the rows beneath a bar."""
