namespace Bioproxy.Host.Doctor;

/// <summary>The report on a backend, or on one model of a server with several.</summary>
/// <param name="Name">What it is called: <c>backend</c> or <c>backend/model</c>.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Report">The report.</param>
internal sealed record ExaminedBackend(string Name, Uri Address, Report Report);
