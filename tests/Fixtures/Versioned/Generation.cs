namespace Bioproxy.Fixtures.Versioned;

/// <summary>Which of the two versions this is.</summary>
internal static class Generation
{
#if V1
    public const string Name = "v1";
#elif V2
    public const string Name = "v2";
#endif
}
