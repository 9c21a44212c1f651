namespace Bioproxy.Host.Doctor;

/// <summary>The first word of a line.</summary>
internal enum Verdict
{
    Ok,
    Info,

    /// <summary>It works, and costs time that a flag would save.</summary>
    Slow,

    /// <summary>It does not work.</summary>
    Bad,
}
