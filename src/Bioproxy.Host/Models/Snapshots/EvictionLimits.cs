namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Limits on stored snapshots.</summary>
/// <param name="MaxAge">Time since the last use.</param>
/// <param name="MaxCount">Number of files.</param>
/// <param name="MaxBytes">Size of all files together.</param>
/// <param name="MinFreeBytes">Bytes that have to stay free on the disk.</param>
/// <param name="FreeBytes">Bytes free now; a very large number where that is unknown.</param>
internal readonly record struct EvictionLimits(TimeSpan MaxAge, int MaxCount, long MaxBytes, long MinFreeBytes, long FreeBytes);
