namespace Bioproxy.Host.Admin;

/// <summary>One lane of the slot queue.</summary>
/// <param name="Name">As the label of the metrics: interactive, batch, warm-up.</param>
/// <param name="Waiting">Requests or warm-ups that wait for a slot.</param>
/// <param name="Active">Those that have one.</param>
internal sealed record LaneSummary(string Name, int Waiting, int Active);
