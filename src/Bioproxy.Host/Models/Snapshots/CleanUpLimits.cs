namespace Bioproxy.Host.Models.Snapshots;

/// <summary>What snapshots may take.</summary>
/// <param name="MaxAge">Since the last use.</param>
/// <param name="MaxCount">Files.</param>
/// <param name="MaxBytes">Of all together.</param>
/// <param name="MinFreeBytes">What has to stay free on the disk.</param>
/// <param name="FreeBytes">What is free now; a very large number where that is not known.</param>
internal readonly record struct CleanUpLimits(TimeSpan MaxAge, int MaxCount, long MaxBytes, long MinFreeBytes, long FreeBytes);
