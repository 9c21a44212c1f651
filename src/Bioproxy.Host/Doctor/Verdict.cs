namespace Bioproxy.Host.Doctor;

/// <summary>The result of a check in one word.</summary>
internal enum Verdict
{
    Ok,
    Info,

    /// <summary>It works, but takes time that a flag would save.</summary>
    Slow,

    /// <summary>It does not work.</summary>
    Bad,
}
