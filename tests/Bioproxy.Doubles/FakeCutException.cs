namespace Bioproxy.Doubles;

/// <summary>A script ends the connection here.</summary>
internal sealed class FakeCutException(bool isReset) : Exception
{
    public bool IsReset { get; } = isReset;
}
