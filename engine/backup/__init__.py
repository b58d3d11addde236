"""What Scylla Manager wrote: paths, manifests, SSTable names, versioned files."""
