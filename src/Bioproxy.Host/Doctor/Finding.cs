namespace Bioproxy.Host.Doctor;

/// <summary>The result of one check.</summary>
internal sealed record Finding(Verdict Verdict, string What, string Text);
