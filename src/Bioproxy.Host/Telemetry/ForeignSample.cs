namespace Bioproxy.Host.Telemetry;

/// <summary>A sample of another program's metrics page.</summary>
/// <param name="Name">Its name, as given.</param>
/// <param name="Labels">Its labels as they are written between braces; empty for none.</param>
/// <param name="Value">Its value as the format writes it.</param>
internal sealed record ForeignSample(string Name, string Labels, string Value);
