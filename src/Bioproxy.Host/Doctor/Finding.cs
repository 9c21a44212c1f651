namespace Bioproxy.Host.Doctor;

/// <summary>One line of the table.</summary>
internal sealed record Finding(Verdict Verdict, string What, string Text);
