"""stop_news"""
