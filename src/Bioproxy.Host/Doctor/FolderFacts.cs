namespace Bioproxy.Host.Doctor;

/// <summary>What is known about the folder of <c>--slot-save-path</c>.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Exists">Whether it exists.</param>
/// <param name="HasFile">Whether the file that llama-server saved appeared there; null when none was saved.</param>
/// <param name="IsOpen">Whether other users of the machine can read that file.</param>
/// <param name="FreeBytes">Free space; null when unknown.</param>
internal sealed record FolderFacts(string Path, bool Exists, bool? HasFile, bool IsOpen, long? FreeBytes);
