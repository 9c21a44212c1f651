using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Dashboard;

/// <summary>A line of the log.</summary>
/// <param name="At">When it was written.</param>
/// <param name="Level">How serious it is.</param>
/// <param name="Text">What happened.</param>
internal sealed record RecentLine(DateTimeOffset At, LogLevel Level, string Text);
