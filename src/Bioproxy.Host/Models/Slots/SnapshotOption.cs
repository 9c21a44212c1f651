namespace Bioproxy.Host.Models.Slots;

/// <summary>A snapshot that may be restored for a prompt.</summary>
/// <param name="Length">Bytes of the prompt's canonical text that it covers; 0 is no snapshot.</param>
/// <param name="Tokens">Tokens of the prompt's prefix that it covers.</param>
/// <param name="Bytes">What has to be read.</param>
/// <param name="IsWhole">All of it is a prefix of the prompt.</param>
internal readonly record struct SnapshotOption(int Length, double Tokens, long Bytes, bool IsWhole);
