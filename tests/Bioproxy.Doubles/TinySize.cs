namespace Bioproxy.Doubles;

internal enum TinySize
{
    /// <summary>2 layers, 64 wide: for tests that need an answer, not a time.</summary>
    Tiny,

    /// <summary>4 layers, 256 wide.</summary>
    Small,

    /// <summary>8 layers, 512 wide: slow enough that a prefill can be watched and cancelled.</summary>
    Large,
}
