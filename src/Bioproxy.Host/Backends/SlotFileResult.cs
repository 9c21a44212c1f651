namespace Bioproxy.Host.Backends;

/// <summary>What a save or a restore reported.</summary>
/// <param name="Tokens"><c>n_saved</c> or <c>n_restored</c>.</param>
/// <param name="Bytes"><c>n_written</c> or <c>n_read</c>.</param>
/// <param name="Duration">As the server measured it.</param>
internal sealed record SlotFileResult(int Tokens, long Bytes, TimeSpan Duration);
