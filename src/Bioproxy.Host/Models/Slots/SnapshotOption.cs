namespace Bioproxy.Host.Models.Slots;

/// <summary>A snapshot that may be restored for a prompt.</summary>
/// <param name="Length">Bytes of the prompt's canonical text that it covers; 0 is no snapshot.</param>
/// <param name="Tokens">Tokens at the prompt's beginning that it covers.</param>
/// <param name="Bytes">What has to be read.</param>
/// <param name="IsWhole">All of what it stands for is the prompt's beginning.</param>
internal readonly record struct SnapshotOption(int Length, double Tokens, long Bytes, bool IsWhole);
