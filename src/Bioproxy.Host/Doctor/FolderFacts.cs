namespace Bioproxy.Host.Doctor;

/// <summary>What was found out about <c>kv.directory</c>.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Exists">Whether it is there.</param>
/// <param name="HasFile">Whether a state that llama-server saved appeared there; null when none was saved.</param>
/// <param name="IsOpen">Whether other users of the machine may read that state.</param>
/// <param name="FreeBytes">Free space; null when it cannot be told.</param>
internal sealed record FolderFacts(string Path, bool Exists, bool? HasFile, bool IsOpen, long? FreeBytes);
